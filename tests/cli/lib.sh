# lib.sh - helpers of the command-line tests; POSIX sh.  Sourced with the program as $1.
set -eu
exomir=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cases=0
EXM_CPU=${EXM_CPU:-auto}
export EXM_CPU
unset NO_COLOR || :

fail() {
    echo "FAIL: $*" >&2
    for f in "$tmp/out" "$tmp/err"; do
        [ -s "$f" ] && sed "s|^|  ${f##*/}: |" "$f" >&2
    done
    exit 1
}

# expect CODE WORDS...: run the program; output in $tmp/out, messages in $tmp/err
expect() {
    want=$1
    shift
    cases=$((cases + 1))
    got=0
    "$exomir" "$@" > "$tmp/out" 2> "$tmp/err" < /dev/null || got=$?
    [ "$got" -eq "$want" ] || fail "exomir $*: exit $got, not $want"
}

# A fixed string in what was said / printed.
says() {
    grep -qF -e "$1" "$tmp/err" || fail "no '$1' in the message"
}
prints() {
    grep -qF -e "$1" "$tmp/out" || fail "no '$1' in the output"
}
silent() {
    [ ! -s "$tmp/err" ] || fail "unexpected message"
}
is_json() { # file; checked by whichever of the two is there
    if command -v python3 > /dev/null 2>&1; then
        python3 -m json.tool < "$1" > /dev/null || fail "$1 is no JSON"
    elif command -v jq > /dev/null 2>&1; then
        jq -e . < "$1" > /dev/null || fail "$1 is no JSON"
    fi
}
all_done() {
    [ "$cases" -gt 0 ] || fail "no case was run"
    echo "$cases cases"
}

# The human reference out of what ./run demo fetched (EXM_DEMO): $tmp/human.exoref; exits
# with 77 where that is absent.
make_human_ref() {
    resources=${EXM_DEMO:-none}/optimir/usr/lib/python3/dist-packages/optimir/resources
    [ -d "$resources" ] || {
        echo "skipped: EXM_DEMO names no fetched data"
        exit 77
    }
    "$exomir" ref build -q --species hsa \
        --mature "$resources/fasta/hsa_matures_miRBase_v22.fa" \
        --hairpin "$resources/fasta/hsa_hairpins_miRBase_v22.fa" \
        --gff "$resources/coordinates/hsa_miRBase_v22.gff3" \
        -o "$tmp/human.exoref" > "$tmp/out" 2> "$tmp/err" || fail "ref build"
}

# A reference of three miRNAs and two tRNAs, made up for these tests: $tmp/ref.exoref
make_ref() {
    cat > "$tmp/hairpin.fa" << 'END'
>exm-mir-1 MI0001
AGTAAACCTTTCCTCATGCAATTCAAAACCATTTTACGGAGGATATGTCCGTAATGTAGGCGAAATACCAAATT
>exm-mir-2 MI0002
CCCCCTTACCTCCTTATTCAGGACCTAACCTAAAAGCTGTTGCATGAGGTAAACCAGGTCTCTCCGCCTAGCCA
>exm-mir-3 MI0003
ATTAAAAAAGTTCAACGGCAGCTGCAATGGGTGTTTTAAGATACAAATAGGCAATGACGGATATATATTGAGGC
END
    cat > "$tmp/mature.fa" << 'END'
>exm-miR-1-5p MIMAT0001
TTTCCTCATGCAATTCAAAACC
>exm-miR-2-5p MIMAT0002
CCTCCTTATTCAGGACCTAACC
>exm-miR-3-5p MIMAT0003
AGTTCAACGGCAGCTGCAATGG
END
    cat > "$tmp/trna.fa" << 'END'
>tRNA-Exm-1
CCGTTCGTGCTCCTCGCCCTGAAGCATTGCTTTGTGAAGAGGGACTTCAGCCAATAGACCTGCATACCGGCT
>tRNA-Exm-2
CATTCTTCATGTGCAACCTAGGGAGAATGTGTACATACGCTCTTACTGCGGTCGCGTCTAATAATATACATTTGCCA
END
    "$exomir" ref build --mature "$tmp/mature.fa" --hairpin "$tmp/hairpin.fa" \
        --class tRNA="$tmp/trna.fa" -q -o "$tmp/ref.exoref" > "$tmp/out" 2> "$tmp/err" ||
        fail "ref build"
}

# The same with spike-ins, artifacts and miRNAs of other clades ($tmp/rich.exoref), and reads
# that show all that outputs can hold: $tmp/rich/*.fastq and .fa, two of them with UMIs.
make_rich_ref() {
    make_ref
    printf 'spikeID,sequence,amount\nSP-1,GATCCGTAACGGCTTAGCTGAC,12.5\nSP-2,CATTGCGGAATCAGTTCCGATG,0.5\n' \
        > "$tmp/spike.csv"
    printf '>adapter-1\nGTTCAGAGTTCTACAGTCCGACGATC\n' > "$tmp/artifact.fa"
    printf '>cel-miR-901\nCATGACCTTGCGTAAGCTTGGA\n>cel-miR-902\nTTGGCATCGAACCATGTTACGA\n' \
        > "$tmp/clade.fa"
    printf '>dme-miR-903\nAACGTTGGCACTTACCGGATAC\n' >> "$tmp/clade.fa"
    printf 'chr2\t.\tmiRNA_primary_transcript\t1001\t1074\t.\t+\t.\tID=MI0001;Alias=MI0001;Name=exm-mir-1
chr2\t.\tmiRNA\t1009\t1030\t.\t+\t.\tID=MIMAT0001;Alias=MIMAT0001;Name=exm-miR-1-5p;Derives_from=MI0001
chr2\t.\tmiRNA_primary_transcript\t2001\t2074\t.\t-\t.\tID=MI0002;Alias=MI0002;Name=exm-mir-2
chr2\t.\tmiRNA\t2045\t2066\t.\t-\t.\tID=MIMAT0002;Alias=MIMAT0002;Name=exm-miR-2-5p;Derives_from=MI0002\n' \
        > "$tmp/exm.gff3"
    "$exomir" ref build -q --database 'miRBase v22' --mature "$tmp/mature.fa" \
        --hairpin "$tmp/hairpin.fa" --gff "$tmp/exm.gff3" --class tRNA="$tmp/trna.fa" \
        --spike spikes="$tmp/spike.csv" \
        --artifact "$tmp/artifact.fa" --clade "$tmp/clade.fa" \
        -o "$tmp/rich.exoref" > "$tmp/out" 2> "$tmp/err" || fail "ref build"
    mkdir -p "$tmp/rich"
    for kit in truseq qiaseq dplex; do
        "$exomir" simulate reads -q -r "$tmp/rich.exoref" --kit $kit -n 3000 --mirnas 3 --plain \
            --read-length 90 --dimer-share 0.02 --random-share 0.1 -o "$tmp/rich/$kit" \
            > "$tmp/out" 2> "$tmp/err" || fail "simulate reads"
    done
    cat > "$tmp/rich/trimmed.fa" << 'END'
>r1_x400
TTTCCTCATGCAATTCAAAACC
>r2_x20
TTTCCTCATGCAATTCAAAACCTT
>r3_x10
GTTTCCTCATGCAATTCAAAACC
>r4_x30
ACGGAGGATATGTCCGTAATG
>r5_x25
CATGACCTTGCGTAAGCTTGGA
>r6_x5
AACGTTGGCACTTACCGGATAC
>r7_x12
GATCCGTAACGGCTTAGCTGAC
>r8_x8
GTTCAGAGTTCTACAGTCCGAC
>r9_x90
GATTACAGATTACAGATTACA
END
}
