#!/bin/sh
# Small runs under valgrind: no error, nothing leaked.  77: no valgrind, or a sanitizer instead.
. "${0%/*}/lib.sh"
command -v valgrind > /dev/null 2>&1 || { echo "skipped: no valgrind"; exit 77; }
if grep -qa '__[atmu]*san_' "$exomir"; then echo "skipped: a sanitizer watches already"; exit 77; fi
make_rich_ref
cd "$tmp"
EXM_CPU=sse4 # above that valgrind knows not every instruction
export EXM_CPU
head -n 800 rich/qiaseq.fastq > few.fq
gzip -c few.fq > few.fq.gz

memory() { # CODE WORDS...: the program's exit code, 9 where valgrind finds something
    want=$1
    shift
    cases=$((cases + 1))
    got=0
    valgrind -q --error-exitcode=9 --leak-check=full "$exomir" "$@" > out 2> err < /dev/null || got=$?
    [ "$got" -eq "$want" ] || fail "valgrind exomir $*: exit $got, not $want"
}
memory 0 count -t 2 -r rich.exoref --bam -o run few.fq.gz
memory 0 count --json -t 1 -r rich.exoref --no-adapter -o run rich/trimmed.fa
memory 1 count -r rich.exoref -o run --kit truseq few.fq
memory 1 count -r rich.exoref --keep-going -o run rich/truseq.fastq mature.fa
memory 0 simulate reads -r rich.exoref --kit dplex -n 200 --mirnas 3 -o sim
memory 0 ref build --mature mature.fa --hairpin hairpin.fa --clade clade.fa --spike s=spike.csv -o b
memory 0 ref show --json --names rich.exoref
memory 0 explain read -r rich.exoref TTTCCTCATGCAATTCAAAACC
memory 2 count --bogus
memory 0 man count
all_done
