#!/bin/sh
# OptimiR.  usage: optimir.sh FASTQ.gz MATURE HAIRPIN GFF OUT   (absolute paths)
set -eu
mkdir -p "$5"
optimir process --fq "$1" --dirOutput "$5" --adapt3 TGGAATTCTCGGGTGCCAAGG --maturesFasta "$2" \
    --hairpinsFasta "$3" --gff3 "$4" --quiet > "$5/log" 2>&1
