#!/bin/sh
# Input and surroundings that count must stand: the same file twice, pipes, damage at any
# offset, two runs in one folder, what an older run left, huge counts, odd names, messages.
. "${0%/*}/lib.sh"
make_ref
cd "$tmp"
expect 0 simulate reads -q -r ref.exoref -n 2000 --mirnas 3 --seed 3 --plain -o s
expect 0 simulate reads -q -r ref.exoref -n 2000 --mirnas 3 --seed 4 -o t
gzip -c s.fastq > s.fastq.gz
nothing() { # FOLDER: a refused run leaves none
    [ ! -e "$1" ] || fail "a refused run left $1"
}

# ---- the same reads twice: by path, by link, by copy, within a file, in two samples ----
ln -s s.fastq.gz link.fq.gz
ln s.fastq.gz hard.fq.gz
cp s.fastq.gz copy.fq.gz
cat s.fastq.gz s.fastq.gz > doubled.fq.gz
for other in ./s.fastq.gz link.fq.gz hard.fq.gz; do
    expect 2 count -r ref.exoref --sample x -o twice s.fastq.gz $other
    says 'are one file, so its reads would be counted twice'
done
expect 2 count -r ref.exoref -o twice s.fastq.gz link.fq.gz
printf 'sample,fastq_1\na,s.fastq.gz\nb,hard.fq.gz\n' > sheet.csv
expect 2 count -r ref.exoref -o twice --sheet sheet.csv
says 'are one file'
expect 1 count -r ref.exoref --sample x -o twice s.fastq.gz t.fastq.gz copy.fq.gz
says 'x: s.fastq.gz and copy.fq.gz are the same, so their reads would be counted twice'
nothing twice
expect 0 count -r ref.exoref -o copies s.fastq.gz copy.fq.gz
says 'copy and s hold the same reads'
expect 0 count -r ref.exoref -o copies doubled.fq.gz
says 'doubled: the name of the first read comes 1 more time'
head -n 4 s.fastq > again.fq # far behind the reads that the kit is told from
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do sed "1~4s/^@/@$i/" s.fastq; done >> again.fq
head -n 4 s.fastq >> again.fq
expect 0 count -r ref.exoref -o copies again.fq
says 'comes 1 more time'
rm -r copies
expect 0 count -r ref.exoref -o copies s.fastq.gz t.fastq.gz
silent
printf '>a\nTTTCCTCATGCAATTCAAAACC\n%.0s' 1 2 3 4 5 6 7 8 9 > same.fa # no names to go by
rm -r copies
expect 0 count -r ref.exoref --no-adapter -o copies same.fa
silent

# ---- pipes ----
[ -e /dev/stdin ] && {
    expect 2 count -r ref.exoref -o pipe /dev/stdin
    says 'a pipe (/dev/stdin) has no name'
}
mkfifo fifo.fq
cat s.fastq > fifo.fq &
expect 0 count -r ref.exoref -o pipe fifo.fq
wait
expect 0 count -r ref.exoref -o file --sample fifo s.fastq
cmp -s pipe/records/fifo.exr file/records/fifo.exr || fail "a pipe differs from the file"

# ---- reads with adapters that are called trimmed ----
expect 1 count -r ref.exoref --no-adapter -o raw s.fastq.gz
says 'the reads are not trimmed already, but of truseq'
nothing raw

# ---- qualities that start at 64 are remarked on; good ones that start at 33 are not ----
awk 'NR % 4 { print; next } { gsub(/./, "h"); sub(/^....../, "BCDe_h"); print }' s.fastq > old.fq
expect 0 count -r ref.exoref -o old64 old.fq
says 'old: the qualities seem to be Phred+64'
awk 'NR % 4 { print; next } { gsub(/./, "K"); print }' s.fastq > good.fq
rm -rf old64
expect 0 count -r ref.exoref -o old64 good.fq
silent

# ---- a gzip member cut anywhere ----
head -n 400 s.fastq | gzip -c > whole.fq.gz
size=$(wc -c < whole.fq.gz)
at=0
while [ $at -lt "$size" ]; do
    head -c $at whole.fq.gz > cut.fq.gz
    expect 1 count -q -r ref.exoref -t $((1 + at % 2)) -o cut cut.fq.gz
    says 'cut.fq.gz'
    grep -qE 'byte [0-9]|record [0-9]' err || fail "no place in: cut at $at"
    at=$((at + (at < 20 || at > size - 20 ? 1 : size / 40)))
done
nothing cut
expect 0 count -q -r ref.exoref -o cut whole.fq.gz # control

# ---- two runs, one folder ----
mkfifo slow.fq
"$exomir" count -q -r ref.exoref -o shared slow.fq > first.out 2> first.err &
first=$!
exec 9> slow.fq # the first run has the folder once it opens its reads
while [ ! -d shared ]; do sleep 0.1; done
expect 1 count -q -r ref.exoref -o shared t.fastq.gz
says 'another run is writing into this folder'
cat s.fastq >&9
exec 9>&-
wait $first || { cp first.err err; fail "the first run was disturbed"; }
[ "$(sed -n 1p shared/mirna.counts.tsv)" = "mirna	slow" ] || fail "the first run's table"
expect 0 count -q -r ref.exoref -o shared t.fastq.gz # the lock is gone

# ---- what an older run left does not pass for this one's ----
expect 0 count -q -r ref.exoref --bam -o old s.fastq.gz t.fastq.gz
echo mine > old/notes.txt
expect 0 count -q -r ref.exoref --skip report,gff,isomirs,multiqc -o old t.fastq.gz
expect 0 count -q -r ref.exoref --skip report,gff,isomirs,multiqc -o new t.fastq.gz
(cd new && find . -type f | LC_ALL=C sort) > want
(cd old && find . -type f | LC_ALL=C sort) > have
echo ./notes.txt >> want # nobody's output
LC_ALL=C sort want | cmp -s - have || { cp have out; fail "files of an older run"; }

# ---- one folder, one command ----
printf 'sample\tgroup\ns\ta\nt\tb\n' > groups.tsv
expect 1 diff --counts new/mirna.counts.tsv --coldata groups.tsv --design '~ group' --contrast b-a -o new
says 'new holds the results of another command'
[ -s new/provenance.json ] || fail "the provenance is lost"
mkdir foreign
echo '{"command": "counter"}' > foreign/provenance.json
expect 1 count -q -r ref.exoref -o foreign t.fastq.gz
[ "$(ls foreign)" = provenance.json ] || fail "a foreign folder was changed"

# ---- folders that cannot be written to are found before the reads are ----
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 555 closed
    expect 1 count -r ref.exoref -o closed none.fq s.fastq.gz
fi
expect 1 count -r ref.exoref -o s.fastq.gz t.fastq.gz
says 'is a file, not a folder'
expect 1 count -r ref.exoref -o no/such t.fastq.gz
says 'no/such'

# ---- counts that do not fit ----
m=TTTCCTCATGCAATTCAAAACC
printf '>a_x4000000000\n%s\n>b_x4000000000\n%s\n' $m $m > large.fa
expect 0 count -q -r ref.exoref --no-adapter -o large large.fa
grep -q '^exm-miR-1-5p	8000000000$' large/mirna.counts.tsv || fail "counts beyond 2^32"
printf '>a_x9007199254740992\n%s\n' $m > most.fa
expect 0 count -q -r ref.exoref --no-adapter -o large most.fa
[ "$(wc -l < large/mirna.counts.tsv)" -eq 2 ] || fail "counts of 2^53 stray"
printf '>b_x1\n%s\n' $m >> most.fa
expect 1 count -q -r ref.exoref --no-adapter -o large2 most.fa
says 'more than 9,007,199,254,740,992 reads'
printf '>a_x9007199254740993\n%s\n' $m > most.fa
expect 1 count -q -r ref.exoref --no-adapter -o large2 most.fa
says 'most.fa: record 1, line 1'

# ---- names ----
long=$(printf 'x%.0s' 1 2 3 4 5 6 7 8 9 10)
long=$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long$long
expect 0 count -q -r ref.exoref --bam --sample "$long" -o names s.fastq
expect 2 count -q -r ref.exoref --sample "x$long" -o names s.fastq
says 'up to 200'
for n in ../x a/b 'a b' . .. é a,b '=1'; do
    expect 2 count -q -r ref.exoref --sample "$n" -o names s.fastq
done

# ---- messages: no control bytes on a terminal, JSON that can be read ----
esc=$(printf '\033[31m')
expect 2 count -r ref.exoref -o names "${esc}x.fq"
if LC_ALL=C tr -d '\12\40-\176' < err | grep -q .; then fail "control bytes in a message"; fi
expect 2 count --json -r ref.exoref -o names "${esc}x.fq"
is_json out
all_done
