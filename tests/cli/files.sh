#!/bin/sh
# Files that are missing, damaged or of another kind: exit 1, file and cause, no output.
. "${0%/*}/lib.sh"
make_ref
cd "$tmp"

bad() { # WORD-IN-MESSAGE ARGUMENTS...; nothing may have been made
    message=$1
    shift
    expect 1 "$@"
    says "$message"
    [ ! -e out.exoref ] || fail "a bundle was written"
    if [ -d run ] && [ -n "$(find run -type f)" ]; then fail "files were left in the folder"; fi
}

printf 'hello\n' > text
printf '' > empty
mkdir folder
printf '@r1\nACGT\n+\nIIII\n' > reads.fq
printf '@r1\nACGT\n+\nIII\n' > short.fq
head -c 100 ref.exoref > cut.exoref
{ head -c 200 ref.exoref; printf 'X'; tail -c +202 ref.exoref; } > flipped.exoref
[ "$(wc -c < flipped.exoref)" -eq "$(wc -c < ref.exoref)" ] || fail "the damaged copy"

for c in 'ref show' 'explain read ACGTACGTACGTACGTACGT -r' 'doctor -r' \
    'count reads.fq -o run -r' 'simulate reads -o sim -r'; do
    for f in none text empty folder cut.exoref flipped.exoref; do
        # shellcheck disable=SC2086
        expect 1 $c $f
        grep -q "$f" err out || fail "$c $f: the file is not named"
    done
done
[ ! -e sim.fastq.gz ] && [ ! -e sim.truth.tsv ] || fail "simulated files were left"

bad none ref build --mature none --hairpin hairpin.fa -o out.exoref
bad empty ref build --mature empty --hairpin hairpin.fa -o out.exoref
bad text ref build --mature text --hairpin hairpin.fa -o out.exoref
bad none ref build --mature mature.fa --hairpin hairpin.fa --class tRNA=none -o out.exoref
bad '' ref build --mature mature.fa --hairpin hairpin.fa --species zzz -o out.exoref
bad '' ref build --mature mature.fa --hairpin hairpin.fa --class x=trna.fa --class x=trna.fa \
    -o out.exoref
for c in hairpin Foreign unannotated; do # rows of classes.counts.tsv
    bad "class '$c'" ref build --mature mature.fa --hairpin hairpin.fa --class $c=trna.fa \
        -o out.exoref
done
expect 1 ref build --mature mature.fa --hairpin hairpin.fa -o no/such/out.exoref
says no/such/out.exoref

bad "sample 'none': none.fq: No such file or directory" count -r ref.exoref -o run none.fq
bad 'folder is a folder' count -r ref.exoref -o run folder
bad short.fq count -r ref.exoref -o run --no-adapter short.fq
bad empty count -r ref.exoref -o run --no-adapter empty
bad text count -r ref.exoref -o run --no-adapter text
bad 'no column' count -r ref.exoref -o run --sheet mature.fa
printf 'sample,fastq_1\nA,reads.fq\nA B,x.fq\n' > s.csv
bad 's.csv, line 3' count -r ref.exoref -o run --sheet s.csv
printf 'sample,fastq_1\nA,reads.fq\nB,gone.fq\n' > s.csv
bad "sample 'B'" count -r ref.exoref -o run --sheet s.csv
expect 1 count -r ref.exoref -o no/such/run --no-adapter reads.fq
says no/such/run
expect 1 count -r ref.exoref -o reads.fq --no-adapter reads.fq # a file stands where DIR should
says reads.fq

# Reads without any miRNA stop with the likely cause, unless that is allowed.
i=0
while [ $i -lt 60 ]; do
    printf '@r%d\nCCGTTCGTGCTCCTCGCCCTGAAGC\n+\nIIIIIIIIIIIIIIIIIIIIIIIII\n' $i
    i=$((i + 1))
done > trna.fq
bad 'miRNA' count -r ref.exoref -o run --no-adapter trna.fq
expect 0 count -r ref.exoref -o run --no-adapter --allow-low-mirna trna.fq
[ -s run/provenance.json ] || fail "no provenance"
rm -rf run
bad 'adapter' count -r ref.exoref -o run --kit truseq --allow-low-mirna trna.fq

# Damage amid many BGZF blocks, and a missing end: the same words from any number of threads.
if command -v bgzip > /dev/null; then
    expect 0 simulate reads -q -r ref.exoref --reads 60000 --plain -o sim
    bgzip -c sim.fastq > whole.fq.gz
    size=$(wc -c < whole.fq.gz)
    { head -c $((size / 2)) whole.fq.gz; printf 'XYZ'; tail -c +$((size / 2 + 4)) whole.fq.gz; } > hurt.fq.gz
    [ "$(wc -c < hurt.fq.gz)" -eq "$size" ] || fail "the damaged copy"
    head -c $((size - 28)) whole.fq.gz > endless.fq.gz
    head -c $((size - 1000)) whole.fq.gz > half.fq.gz
    for f in hurt.fq.gz endless.fq.gz half.fq.gz; do
        rm -f said
        for t in 1 2 8; do
            bad "$f: byte " count -q -t $t -r ref.exoref -o run --kit truseq $f
            [ -e said ] || cp err said
            cmp -s err said || fail "$f: $t threads have other words"
        done
    done
    for t in 1 2 8; do # the first of two, though it is met last
        bad "endless.fq.gz: byte " count -q -t $t -r ref.exoref -o run \
            --kit truseq endless.fq.gz hurt.fq.gz
    done
    expect 0 count -q -t 8 -r ref.exoref -o run --kit truseq whole.fq.gz
fi
all_done
