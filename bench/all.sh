#!/bin/sh
# All benchmarks: speed, then UMIs, accuracy beside the peers and the harder libraries (25 min more).
# usage: all.sh EXOMIR [READS]
set -eu
here=${0%/*} data=../shared/data
resources=demo/optimir/usr/lib/python3/dist-packages/optimir/resources
real=demo/dnapi/usr/share/doc/dnapi/examples/good.fq.gz
sh "$here/speed.sh" "$1" demo/human.exoref demo/bench "${2:-10000000}"
missed=0
python3 "$here/umi.py" "$1" "$resources" demo/bench/umi || missed=1
if [ ! -d "$data/refs" ]; then
    echo "accuracy, harder: need a FASTA of human tRNAs and others ($data/refs): left out" >&2
    exit $missed
fi
python3 "$here/accuracy.py" "$1" "$resources" "$data/refs/hsa_tRNA_mirtrace.fa" "$real" \
    demo/bench/accuracy || missed=1
human=
for name in RNA014937_S1.fastq sample1.fastq sample2.fastq sample3.fastq dnapi_good.fq dnapi_processed.fq \
    optimir_S1.fq excerpt_testData_human.fastq; do
    human=$human$data/fastq/$name.gz,
done
python3 "$here/harder.py" "$1" "$resources" "$data/refs/hsa_tRNA_mirtrace.fa" "$real" \
    "$data/refs/hsa_rDNA_exRNAQC.fa.gz" "$data/refs/all_species_matures_miRBase.fa.gz" \
    demo/bench/harder --human "$human" || missed=1
exit $missed
