#!/bin/sh
# exomir explain read and exomir doctor.
. "${0%/*}/lib.sh"
make_ref

expect 0 explain read TTTCCTCATGCAATTCAAAACC -r "$tmp/ref.exoref"
prints exm-miR-1-5p
expect 0 explain read --json -r "$tmp/ref.exoref" TTTCCTCATGCAATTCAAAACCAA
is_json "$tmp/out"
prints exm-miR-1-5p
expect 0 explain read -r "$tmp/ref.exoref" CCGTTCGTGCTCCTCGCCCTGAAGC
prints tRNA
expect 1 explain read -r "$tmp/ref.exoref" TTTCCTCATGCAATTCAAAAXX
says "X"

# A mature that another hairpin repeats outside its matures, a piece of hairpin that a tRNA
# repeats, and a whole hairpin: bare hairpins stand behind all else of the same cost.
cat > "$tmp/h.fa" << 'END'
>exm-mir-8
TAAACCATTTTCCTCATGCAATTCAAAACCTTTACGGAGGATACCAAATTCCTCCTTATTCAGG
>exm-mir-9
TCTCTCACCTAACCTGAGGTAAACCAGGCGCCTTTCCTCATGCAATTCAAAACCCCCTTATGTCCGTAATGTAGGCGAAATAGATA
END
printf '>exm-miR-8\nTTTCCTCATGCAATTCAAAACC\n>exm-miR-9\nACCTAACCTGAGGTAAACCAGG\n' > "$tmp/m.fa"
cat > "$tmp/t.fa" << 'END'
>tRNA-Exm-9
AAAGCTGTTGCACCTAGCCAATGTCCGTAATGTAGGCGAAATAGAGTTCAACGGCAGCTGCAATGGAAA
END
expect 0 ref build --mature "$tmp/m.fa" --hairpin "$tmp/h.fa" --class tRNA="$tmp/t.fa" \
    -o "$tmp/tie.exoref"
best() { # SEQ: features of the best explanations, as 'class feature', joined by ','
    expect 0 explain read -r "$tmp/tie.exoref" "$1"
    awk '/^\*/ { s = s (s == "" ? "" : ",") $8 " " $9 } END { print s }' "$tmp/out"
}
equals() { # WANT SEQ
    got=$(best "$2")
    [ "$got" = "$1" ] || fail "$2: best is '$got', not '$1'"
    cases=$((cases + 1))
}
equals 'miRNA exm-miR-8' TTTCCTCATGCAATTCAAAACC
prints 'nothing else does' # as 'count' has it: its column unique holds this read
equals 'tRNA tRNA-Exm-9,hairpin exm-mir-9' ATGTCCGTAATGTAGGCGAAATAG
prints '2 features tie'
equals 'hairpin exm-mir-8' \
    TAAACCATTTTCCTCATGCAATTCAAAACCTTTACGGAGGATACCAAATTCCTCCTTATTCAGG # 64 nt
equals 'hairpin exm-mir-9' \
    TCTCTCACCTAACCTGAGGTAAACCAGGCGCCTTTCCTCATGCAATTCAAAACCCCCTTATGTCCGTAATGTAGGCGAAATAGATA
equals 'miRNA exm-miR-8' TTTCCTCATGCAAT # the shortest that can be explained
equals '' TTTCCTCATGCAA
prints 'Too short'
printf '>r_x60\nTTTCCTCATGCAATTCAAAACC\n>p_x5\nATGTCCGTAATGTAGGCGAAATAG\n' > "$tmp/tie.fa"
expect 0 count -r "$tmp/tie.exoref" --no-adapter -o "$tmp/tie" "$tmp/tie.fa"
grep -q '^exm-miR-8	60$' "$tmp/tie/mirna.unique.tsv" || fail "count finds another tie"
grep -q '^tRNA	[0-9]' "$tmp/tie/classes.counts.tsv" || fail "no class tRNA"

expect 0 doctor
prints 'self-test annotation'
if grep -q '^FAIL' "$tmp/out"; then fail "a check fails"; fi
EXM_CPU=scalar
expect 0 doctor -r "$tmp/ref.exoref"
prints scalar
EXM_CPU=auto
expect 0 doctor --json
is_json "$tmp/out"
prints '"ok": true'
# Negative control: a folder that cannot be written to is noticed.
TMPDIR=$tmp/none
export TMPDIR
expect 1 doctor
prints FAIL
expect 1 doctor --json
is_json "$tmp/out"
prints '"ok": false'
all_done
