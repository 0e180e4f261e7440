#!/bin/sh
# cutadapt_equal.sh - every trimming decision equals cutadapt's, on reads made to be hard.
#
#     cutadapt_equal.sh TRIM_DRIVER [READS_PER_RUN]
#
# Twelve runs: the adapters of the kits, with quality trimming too, and adapters that repeat
# themselves, where the choice between occurrences is hardest.  The length of each trimmed
# read is compared.  The driver itself runs SIMD, scalar and slow definition and fails where
# they differ.  Negative controls: with another overlap or error rate on
# cutadapt's side differences must be seen, or the comparison is blind.
# Exit: 0 equal, 1 not, 77 without cutadapt (4.2 is the version the rule is stated for).
set -u
LC_ALL=C
export LC_ALL
driver=$1
reads=${2:-${EXM_LONG:+200000}}
reads=${reads:-60000}

command -v cutadapt >/dev/null 2>&1 || {
    echo "skipped: cutadapt is not installed"
    exit 77
}
version=$(cutadapt --version)
case $version in
4.[2-9]*) ;;
*) echo "note: cutadapt $version; the rule is that of 4.2" ;;
esac
dir=$(mktemp -d "${TMPDIR:-/tmp}/exm_ref_XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

# Trimmed lengths by cutadapt: cut_lengths ADAPTER CUTOFF RATE OVERLAP
cut_lengths() {
    cutadapt --quiet -j 2 --no-indels -e "$3" -O "$4" -q "$2" -a "$1" \
        -o "$dir/cut.fq" "$dir/reads.fq" || exit 1
    awk 'NR % 4 == 2 { print length($0) }' "$dir/cut.fq" >"$dir/cut.len"
}

differences() {
    paste -d' ' "$dir/cut.len" "$dir/ours.len" | awk '$1 != $2 { n++ } END { print n + 0 }'
}

total=0
wrong=0
seed=1
for run in TGGAATTCTCGGGTGCCAAGG:0 ATCTCGTATGCCGTCTTCTGCTTG:0 TCGTATGCCGTCTTCTGCTTG:0 \
    AGATCGGAAGAGCACACGTCTGAACTCCAGTCAC:0 AACTGTAGGCACCATCAAT:0 \
    TGGAATTCTCGGGTGCCAAGG:20 AAAAAAAAAA:0 TTTTTTTTTTGTTTTTTTTT:0 ACACACACACACACACACACTT:0 \
    AACCAACCAACCAACCAACC:0 ACGTACGTACGTACGTACGT:0 NNNNTGGAATTCTC:0; do
    adapter=${run%:*}
    cutoff=${run#*:}
    "$driver" make $seed "$reads" "$adapter" >"$dir/reads.fq" || exit 1
    "$driver" trim "insert,$adapter" "$cutoff" "$dir/reads.fq" >"$dir/ours.len" || exit 1
    cut_lengths "$adapter" "$cutoff" 0.1 3
    n=$(wc -l <"$dir/cut.len")
    if [ "$n" -ne "$reads" ] || [ "$(wc -l <"$dir/ours.len")" -ne "$reads" ]; then
        echo "FAILED: not every read came back"
        exit 1
    fi
    awk 'NR % 4 == 2 { print length($0) }' "$dir/reads.fq" >"$dir/reads.len"
    trimmed=$(paste -d' ' "$dir/reads.len" "$dir/ours.len" | awk '$1 != $2 { n++ } END { print n + 0 }')
    d=$(differences)
    echo "$adapter, quality $cutoff: $n reads, $trimmed trimmed, $d decided differently"
    if [ "$d" -ne 0 ]; then
        awk 'NR % 4 == 2' "$dir/reads.fq" | paste -d' ' "$dir/cut.len" "$dir/ours.len" - |
            awk '$1 != $2 && n++ < 5 { print "  cutadapt " $1 ", we " $2 ": " $3 }'
    fi
    [ "$trimmed" -gt $((n / 3)) ] || {
        echo "FAILED: too few reads hold an adapter to mean anything"
        exit 1
    }
    total=$((total + n))
    wrong=$((wrong + d))
    if [ $seed -eq 1 ]; then
        for control in 0.1:4 0.12:3; do
            cut_lengths "$adapter" "$cutoff" "${control%:*}" "${control#*:}"
            d=$(differences)
            echo "  control, error rate ${control%:*}, overlap ${control#*:}: $d differ"
            [ "$d" -gt $((n / 2000)) ] || {
                echo "FAILED: another rule goes unnoticed"
                exit 1
            }
        done
    fi
    seed=$((seed + 1))
done
echo "$total reads, $wrong decided differently"
[ "$wrong" -eq 0 ]
