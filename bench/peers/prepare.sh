#!/bin/sh
# Reads of a kit with random bases or a UMI, rewritten as bare insert and TruSeq adapter, so that
# each peer's own steps apply: adapter cut by cutadapt, so many bases off both ends.
# usage: prepare.sh FASTQ.gz OUT.fastq.gz ADAPTER BEFORE BEHIND
set -eu
in=$1 out=$2 adapter=$3 before=$4 behind=$5
cutadapt --quiet -j 1 -a "$adapter" --discard-untrimmed -m $((16 + before + behind)) "$in" |
    awk -v a=TGGAATTCTCGGGTGCCAAGG -v s="$before" -v e="$behind" '
        NR % 4 == 1 || NR % 4 == 3 { print; next }
        { x = substr($0, s + 1, length($0) - s - e) }
        NR % 4 == 2 { print x a }
        NR % 4 == 0 { q = a; gsub(/./, "I", q); print x q }' | gzip -1 > "$out"
