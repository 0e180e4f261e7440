#!/bin/sh
# Wall and CPU seconds, and peak memory, of exomir count beside the fastest unpackers of the
# same files: igzip of gzip, bgzip of BGZF, two igzip at a time of four files.
# usage: speed.sh EXOMIR REFERENCE WORK_DIR [READS] [RUNS] ['gzip bgzf files']
# Reads: exomir simulate reads (51 nt with 4 quality levels, 75 nt with 40; four samples of 51
# nt), names as a sequencer writes them; gzip -6, one member, and bgzip -l 6.  Programs take
# turns; medians.  A quiet machine is the caller's business.
set -eu
exomir=$1 ref=$2 work=$3 reads=${4:-10000000} runs=${5:-5} parts=${6:-gzip bgzf files}
mkdir -p "$work"
here=${0%/*}
gzip=gzip
command -v libdeflate-gzip > /dev/null && gzip=libdeflate-gzip # a fifth of the time

make_reads() { # name, length, quality levels, seed
    [ -e "$work/$1.fastq.gz" ] && return
    "$exomir" simulate reads -q -r "$ref" -n "$reads" --read-length "$2" --quality-levels "$3" \
        --seed "$4" --plain -o "$work/plain"
    awk -f "$here/names.awk" "$work/plain.fastq" > "$work/named.fastq"
    rm "$work/plain.fastq"
    "$gzip" -6 < "$work/named.fastq" > "$work/part"
    if [ "$4" = 1 ]; then bgzip -@ 2 -l 6 -c "$work/named.fastq" > "$work/$1.fastq.bgz"; fi
    rm "$work/named.fastq"
    mv "$work/part" "$work/$1.fastq.gz"
}

timed() { # name, command...
    name=$1
    shift
    /usr/bin/time -a -o "$work/times.$name" -f '%e %U %S %M' "$@" > /dev/null 2> "$work/err" || {
        cat "$work/err" >&2
        exit 1
    }
}

count() { # name, threads, files...
    name=$1 threads=$2
    shift 2
    timed "$name" "$exomir" count -q -t "$threads" -r "$ref" -o "$work/out" --kit truseq \
        --skip report,gff,isomirs,multiqc "$@"
}

median() { # name, column; CPU is the second and third
    awk -v c="$2" '{ print c == 2 ? $2 + $3 : $c }' "$work/times.$1" | sort -n |
        awk -v m=$(((runs + 1) / 2)) 'NR == m'
}

row() { # name, words; the first row of a table is what the others are measured by
    [ -n "$base" ] || base=$(median "$1" 1)
    echo "$(median "$1" 1) $(median "$1" 2) $(median "$1" 4)" | awk -v w="$2" -v b="$base" \
        '{ printf "| %s | %.2f | %.2f | %.0f | %.2f |\n", w, $1, $2, $3 / 1024, $1 / b }'
}

table() { # words of the three programs; times are there
    base=
    row unpack "$1"
    row two "$2"
    row one "$3"
    rm "$work/times.unpack" "$work/times.two" "$work/times.one"
}

both_lengths() { # unpacker, suffix
    for kind in 51 75; do
        i=0
        while [ $i -lt "$runs" ]; do
            # shellcheck disable=SC2086 # words
            timed unpack $1 "$work/r$kind.fastq.$2"
            count two 2 "$work/r$kind.fastq.$2"
            count one 1 "$work/r$kind.fastq.$2"
            i=$((i + 1))
        done
        table "$1, $kind nt" "exomir count -t 2, $kind nt" "exomir count -t 1, $kind nt"
    done
}

four_files() {
    set -- "$work/s1.fastq.gz" "$work/s2.fastq.gz" "$work/s3.fastq.gz" "$work/s4.fastq.gz"
    i=0
    while [ $i -lt "$runs" ]; do
        # shellcheck disable=SC2016 # $@ is the inner shell's
        timed unpack sh -c 'printf "%s\0" "$@" | xargs -0 -P 2 -n 1 igzip -dc' igzips "$@"
        count two 2 "$@"
        count one 1 "$@"
        i=$((i + 1))
    done
    table "two igzip -dc at a time, 4 files of 51 nt" "exomir count -t 2, 4 files" \
        "exomir count -t 1, 4 files"
}

rm -f "$work"/times.*
make_reads r51 51 4 1
make_reads r75 75 40 1
for s in 1 2 3 4; do make_reads s$s 51 4 1$s; done
echo "| program | wall s | CPU s | peak MB | of the unpacker's wall |"
echo "|---|---|---|---|---|"
for part in $parts; do
    case $part in
        gzip) both_lengths 'igzip -dc' gz ;;
        bgzf) both_lengths 'bgzip -@2 -dc' bgz ;;
        files) four_files ;;
        *) echo "speed.sh: no part '$part'" >&2 && exit 2 ;;
    esac
done
