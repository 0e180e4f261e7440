#!/bin/sh
# OptimiR.  usage: [GFF_OUT=1] optimir.sh FASTQ MATURE HAIRPIN GFF OUT   (absolute paths)
# With GFF_OUT it fails on reads that hold an N.
set -eu
mkdir -p "$5"
optimir process --fq "$1" --dirOutput "$5" --adapt3 "${ADAPTER:-TGGAATTCTCGGGTGCCAAGG}" --maturesFasta "$2" \
    --hairpinsFasta "$3" --gff3 "$4" --quiet ${GFF_OUT:+--gff_out} > "$5/log" 2>&1
