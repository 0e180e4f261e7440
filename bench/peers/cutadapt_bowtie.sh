#!/bin/sh
# cutadapt, then bowtie against the hairpins, then one count per hairpin.
# usage: cutadapt_bowtie.sh FASTQ.gz HAIRPIN.fa OUT THREADS
# The index is built outside the measured part when OUT/hairpin.1.ebwt exists already.
set -eu
fq=$1 hairpin=$2 out=$3 threads=$4
mkdir -p "$out"
[ -e "$out/hairpin.1.ebwt" ] || bowtie-build -q --threads "$threads" "$hairpin" "$out/hairpin"
[ "${INDEX_ONLY:-}" ] && exit
cutadapt -j "$threads" -a "${ADAPTER:-TGGAATTCTCGGGTGCCAAGG}" -m 16 -Z -o "$out/trimmed.fastq.gz" "$fq" \
    > "$out/cutadapt.log"
zcat "$out/trimmed.fastq.gz" |
    bowtie -p "$threads" -q -v 1 -a --best --strata --norc -x "$out/hairpin" -S - \
        2> "$out/bowtie.log" | samtools sort -@ 1 -o "$out/aligned.bam" -
samtools index "$out/aligned.bam"
samtools idxstats "$out/aligned.bam" > "$out/counts.tsv"
