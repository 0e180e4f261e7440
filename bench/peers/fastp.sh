#!/bin/sh
# fastp alone: trimming and its quality report.  usage: fastp.sh FASTQ.gz OUT THREADS
set -eu
mkdir -p "$2"
fastp -i "$1" -o "$2/trimmed.fastq.gz" -w "$3" -l 16 --adapter_sequence "${ADAPTER:-TGGAATTCTCGGGTGCCAAGG}" \
    -j "$2/fastp.json" -h "$2/fastp.html" 2> "$2/fastp.log"
