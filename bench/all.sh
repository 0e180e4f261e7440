#!/bin/sh
# All benchmarks: speed, then accuracy beside the peers.  usage: all.sh EXOMIR [READS]
set -eu
here=${0%/*}
sh "$here/speed.sh" "$1" demo/human.exoref demo/bench "${2:-10000000}"
if [ -d ../shared/data/refs ]; then
    python3 "$here/accuracy.py" "$1" demo/optimir/usr/lib/python3/dist-packages/optimir/resources \
        ../shared/data/refs/hsa_tRNA_mirtrace.fa \
        demo/dnapi/usr/share/doc/dnapi/examples/good.fq.gz demo/bench/accuracy
else
    echo "accuracy: needs a FASTA of human tRNAs (../shared/data/refs): left out" >&2
fi
