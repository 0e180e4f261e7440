#!/bin/sh
# fastp, then bowtie end to end against the matures: the quantification step of common
# workflows.  usage: mature_bowtie.sh FASTQ.gz MATURE OUT
set -eu
mkdir -p "$3"
bowtie-build -q "$2" "$3/mature"
fastp -i "$1" -o "$3/t.fastq.gz" -w 2 -l 16 --max_len1 100 --adapter_sequence "${ADAPTER:-TGGAATTCTCGGGTGCCAAGG}" \
    -j "$3/fastp.json" -h "$3/fastp.html" 2> "$3/fastp.log"
zcat "$3/t.fastq.gz" | bowtie -p 2 -q -k 50 --best --strata -e 99999 -x "$3/mature" -S - \
    2> "$3/bowtie.log" | samtools sort -o "$3/mature.bam" -
samtools index "$3/mature.bam"
samtools idxstats "$3/mature.bam" > "$3/counts.tsv"
