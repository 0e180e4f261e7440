#!/bin/sh
# fastp, collapse, bowtie against the hairpins, mirtop.  usage: mirtop.sh FASTQ.gz HAIRPIN GFF OUT
set -eu
fq=$1 hairpin=$2 gff=$3 out=$4
mkdir -p "$out/mirtop"
bowtie-build -q "$hairpin" "$out/hairpin"
fastp -i "$fq" -o "$out/t.fastq.gz" -w 2 -l 16 --max_len1 100 \
    --adapter_sequence "${ADAPTER:-TGGAATTCTCGGGTGCCAAGG}" -j "$out/fastp.json" -h "$out/fastp.html" 2> "$out/fastp.log"
zcat "$out/t.fastq.gz" | awk 'NR % 4 == 2 { c[$0]++ }
    END { for (s in c) { q = s; gsub(/./, "I", q); printf "@seq_%d_x%d\n%s\n+\n%s\n", ++i, c[s], s, q } }' \
    > "$out/sample.fastq"
bowtie -p 2 -q -k 50 --best --strata -e 99999 --norc -x "$out/hairpin" -S "$out/sample.fastq" \
    2> "$out/bowtie.log" | samtools view -b -F 4 - | samtools sort -n -o "$out/sample.bam" -
mirtop gff --hairpin "$hairpin" --gtf "$gff" --sps hsa -o "$out/mirtop" "$out/sample.bam" \
    > "$out/mirtop.log" 2>&1
