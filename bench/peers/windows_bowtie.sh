#!/bin/sh
# cutadapt, collapse, then bowtie -v 1 against the hairpins, best stratum, all places: what
# quantifiers with windows around the matures start from (the windows: peers.py).
# usage: windows_bowtie.sh FASTQ.gz HAIRPIN OUT
set -eu
mkdir -p "$3"
bowtie-build -q "$2" "$3/hairpin"
cutadapt -j 2 -a "${ADAPTER:-TGGAATTCTCGGGTGCCAAGG}" -m 16 -Z -o "$3/t.fastq.gz" "$1" > "$3/cutadapt.log"
zcat "$3/t.fastq.gz" | awk 'NR % 4 == 2 { c[$0]++ }
    END { for (s in c) printf ">%d_x%d\n%s\n", ++i, c[s], s }' > "$3/unique.fa"
bowtie -p 2 -f -v 1 -a --best --strata --norc -x "$3/hairpin" -S --no-unal "$3/unique.fa" \
    2> "$3/bowtie.log" > "$3/hairpin.sam"
