#!/bin/sh
# cutadapt_indels.sh - with --adapter-indels every adapter is placed where cutadapt's default
# mode (-e 0.1 -O 3, insertions and deletions allowed) places it.
#
#     cutadapt_indels.sh TRIM_DRIVER [READS_PER_RUN]
#
# Twelve runs: adapters of the kits, and those that repeat themselves.  Where the alignment
# begins and ends in the read is compared.  The driver itself compares library, both paths
# of the trimmer and the slow definition.  Negative controls: without indels, with another
# overlap or error rate on cutadapt's side differences must be seen.
# Exit: 0 equal, 1 not, 77 without cutadapt (4.2 is the version the rule is stated for).
set -u
LC_ALL=C
export LC_ALL
driver=$1
reads=${2:-${EXM_LONG:+200000}}
reads=${reads:-20000}

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

# Begin and end of each alignment by cutadapt: cut_places OPTIONS...
cut_places() {
    cutadapt --quiet "$@" --info-file "$dir/info" -o /dev/null "$dir/reads.fq" || exit 1
    awk -F'\t' '{ print $2 == -1 ? "-1 -1" : $3 " " $4 }' "$dir/info" >"$dir/cut.at"
}

differences() {
    paste -d' ' "$dir/cut.at" "$dir/ours.at" |
        awk '$1 != $3 || $2 != $4 { n++ } END { print n + 0 }'
}

total=0
wrong=0
seed=1
for adapter in TGGAATTCTCGGGTGCCAAGG ATCTCGTATGCCGTCTTCTGCTTG \
    AGATCGGAAGAGCACACGTCTGAACTCCAGTCAC AACTGTAGGCACCATCAAT AGATCGGAAGAGCACACGTCTG \
    AAAAAAAAAA TTTTTTTTTTGTTTTTTTTT ACACACACACACACACACACTT AACCAACCAACCAACCAACC \
    ACGTACGTACGTACGTACGT ACGTAACGTAACGTAACGTAACGTAACGTA NNNNTGGAATTCTC; do
    "$driver" make-indels $seed "$reads" "$adapter" >"$dir/reads.fq" || exit 1
    "$driver" align "$adapter" "$dir/reads.fq" >"$dir/ours.at" || exit 1
    cut_places -e 0.1 -O 3 -a "$adapter"
    n=$(wc -l <"$dir/cut.at")
    if [ "$n" -ne "$reads" ] || [ "$(wc -l <"$dir/ours.at")" -ne "$reads" ]; then
        echo "FAILED: not every read came back"
        exit 1
    fi
    found=$(awk '$1 >= 0 { n++ } END { print n + 0 }' "$dir/ours.at")
    d=$(differences)
    echo "$adapter: $n reads, $found with it, $d placed differently"
    if [ "$d" -ne 0 ]; then
        awk 'NR % 4 == 2' "$dir/reads.fq" | paste -d' ' "$dir/cut.at" "$dir/ours.at" - |
            awk '($1 != $3 || $2 != $4) && n++ < 5 { print "  cutadapt " $1 "-" $2 ", we " $3 "-" $4 ": " $5 }'
    fi
    [ "$found" -gt $((n / 3)) ] || {
        echo "FAILED: too few reads hold an adapter to mean anything"
        exit 1
    }
    total=$((total + n))
    wrong=$((wrong + d))
    if [ $seed -eq 1 ]; then
        for control in "--no-indels -e 0.1 -O 3" "-e 0.1 -O 4" "-e 0.12 -O 3"; do
            # shellcheck disable=SC2086 # a list of words
            cut_places $control -a "$adapter"
            d=$(differences)
            echo "  control, $control: $d differ"
            [ "$d" -gt $((n / 2000)) ] || {
                echo "FAILED: another rule goes unnoticed"
                exit 1
            }
        done
    fi
    seed=$((seed + 1))
done
echo "$total reads, $wrong placed differently"
[ "$wrong" -eq 0 ]
