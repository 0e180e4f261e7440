#!/bin/sh
# Wall and CPU seconds, and peak memory, of exomir count beside igzip -dc of the same file.
# usage: speed.sh EXOMIR REFERENCE WORK_DIR [READS] [RUNS]
# Reads: exomir simulate reads (51 nt with 4 quality levels, 75 nt with 40), names as a
# sequencer writes them, one gzip member by gzip -6.  A quiet machine is the caller's business.
set -eu
exomir=$1 ref=$2 work=$3 reads=${4:-10000000} runs=${5:-5}
mkdir -p "$work"

make_reads() { # length, quality levels
    [ -e "$work/r$1.fastq.gz" ] && return
    "$exomir" simulate reads -q -r "$ref" -n "$reads" --read-length "$1" --quality-levels "$2" \
        --plain -o "$work/s$1" > /dev/null
    awk -f "${0%/*}/names.awk" "$work/s$1.fastq" | gzip -6 > "$work/r$1.fastq.gz.part"
    mv "$work/r$1.fastq.gz.part" "$work/r$1.fastq.gz"
    rm "$work/s$1.fastq"
}

row() { # words, command...
    words=$1
    shift
    i=0
    : > "$work/times"
    while [ $i -lt "$runs" ]; do
        /usr/bin/time -a -o "$work/times" -f '%e %U %S %M' "$@" > /dev/null 2> "$work/err"
        i=$((i + 1))
    done
    for c in 1 2 3 4; do sort -n -k $c,$c "$work/times" | awk -v c=$c -v m=$(((runs + 1) / 2)) 'NR == m { print $c }'; done |
        tr '\n' ' ' | awk -v w="$words" '{ printf "| %s | %.2f | %.2f | %.0f |\n", w, $1, $2 + $3, $4 / 1024 }'
}

echo "| program | wall s | CPU s | peak MB |"
echo "|---|---|---|---|"
for kind in '51 4' '75 40'; do
    # shellcheck disable=SC2086 # two words
    make_reads $kind
    len=${kind% *}
    row "igzip -dc, $len nt" igzip -dc "$work/r$len.fastq.gz"
    for t in 2 1; do
        row "exomir count -t $t, $len nt" "$exomir" count -q -t $t -r "$ref" -o "$work/out" --kit truseq \
            --skip report,gff,isomirs,multiqc "$work/r$len.fastq.gz"
    done
done
