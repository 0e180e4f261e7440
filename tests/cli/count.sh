#!/bin/sh
# From a hand-made reference and simulated reads to tables: end to end, and always the same.
. "${0%/*}/lib.sh"
make_ref
cd "$tmp"

# ---- ref show ----
expect 0 ref show ref.exoref
prints miRNA
prints tRNA
prints '(unknown)'
expect 0 ref build --mature mature.fa --hairpin hairpin.fa -v -o b.exoref
says 'the annotation database is unknown'
expect 1 ref build --mature mature.fa --hairpin hairpin.fa --database 'a;b' -o bad.exoref
says "database 'a;b' is no name"
expect 0 ref build --mature mature.fa --hairpin hairpin.fa --database 'own 1' -o b.exoref
expect 0 ref show b.exoref
prints 'database      own 1'
cp hairpin.fa hairpin_mirbase-22.1.fa
expect 0 ref build --mature mature.fa --hairpin hairpin_mirbase-22.1.fa -o b.exoref
expect 0 ref show --json b.exoref
prints '"database": "miRBase v22.1"'
expect 0 ref show --names ref.exoref
[ "$(wc -l < out)" -eq 4 ] || fail "not three names"
grep -q "^exm-miR-1-5p	TTTCCTCATGCAATTCAAAACC	exm-mir-1:9-30" out ||
    fail "name, sequence or place"
expect 0 ref show --json --names ref.exoref
is_json out
cp ref.exoref first.exoref
make_ref
cmp -s ref.exoref first.exoref || fail "the bundle differs from build to build"
expect 0 ref build --mature mature.fa --hairpin hairpin.fa --json -o b.exoref
is_json out
prints '"entities": 3'

# ---- simulate ----
expect 0 simulate reads -r ref.exoref --seed 5 -n 2000 --mirnas 3 --read-length 51 -o s1
prints s1.truth.tsv
expect 0 simulate reads -r ref.exoref --seed 6 --reads=2000 --mirnas 3 --json -o s2
is_json out
expect 0 simulate reads -r ref.exoref --seed 5 -n 2000 --mirnas 3 -o again
cmp -s s1.fastq.gz again.fastq.gz || fail "the same seed gave other reads"
if cmp -s s1.fastq.gz s2.fastq.gz; then fail "another seed gave the same reads"; fi
expect 0 simulate reads -r ref.exoref --seed 5 -n 2000 --mirnas 3 --plain -o again
gzip -dc s1.fastq.gz | cmp -s - again.fastq || fail "plain and packed reads differ"
expect 0 simulate reads -r ref.exoref --seed 5 -n 2000 --mirnas 3 --truth there.tsv -o -
cmp -s out again.fastq || fail "reads on standard output differ"
cmp -s there.tsv again.truth.tsv || fail "the truth of reads on standard output"
expect 0 simulate reads -r ref.exoref --seed 5 -n 20 --mirnas 3 --truth named.tsv --json -o named
prints '"truth": "named.tsv"'
[ -s named.tsv ] && [ ! -e named.truth.tsv ] || fail "--truth"
expect 2 simulate reads -r ref.exoref -n 20 -o -
says "'-o -' needs --truth FILE"
[ ! -s out ] || fail "reads without a truth"
expect 2 simulate reads -r ref.exoref -n 20 --truth - -o x
says "a file is needed"
expect 1 simulate reads -r ref.exoref -n 20 --mirnas 3 --truth none/x.tsv -o unseen
says 'none/x.tsv'
[ ! -e unseen.fastq.gz ] || fail "reads without a truth"
[ "$(wc -l < again.fastq)" -eq 8000 ] || fail "not 2000 reads"
head -n 1 s1.truth.tsv | grep -q '^feature	reads	molecules' || fail "head of the truth"

# ---- count ----
hashes() { # of everything that must not change
    (cd "$1" && find . -type f ! -name provenance.json | LC_ALL=C sort | xargs sha256sum)
}
expect 0 count -r ref.exoref -o run s2.fastq.gz s1.fastq.gz
silent
prints 'report: run/report.html'
grep -q '^s1  *2000  truseq ' out || fail "line of s1"
[ "$(sed -n 2p out | cut -c1-2)" = s1 ] || fail "samples are not sorted"
for f in records/s1.exr records/s2.exr mirna.counts.tsv mirna.unique.tsv mirna.best.tsv \
    isomir.counts.tsv classes.counts.tsv coldata.tsv mirna.gff3 qc.json report.html \
    provenance.json; do
    [ -s "run/$f" ] || fail "$f is missing"
done
[ -n "$(ls run/multiqc)" ] || fail "multiqc/ is empty"
[ -z "$(find run -name '*.tmp.*')" ] || fail "temporary files were left"
is_json run/provenance.json
is_json run/qc.json
[ "$(head -n 1 run/mirna.counts.tsv)" = "mirna	s1	s2" ] || fail "head of the table"
if grep -q "$tmp" -r run; then fail "a path of this machine is in the outputs"; fi
hashes run > want

# Every output is listed with its digest.
hashes run | while read -r sum name; do
    grep -qF "$sum" run/provenance.json || fail "$name is not in provenance.json"
done

# Within 2 % of the truth for each miRNA (errors turn a few reads away).
awk -F '\t' 'NR == FNR { if (FNR > 1) truth[$1] = $2; next }
    FNR > 1 { n++; d = $2 - truth[$1]; if (d < 0) d = -d
              if (d > 0.02 * truth[$1] + 3) { print $1, $2, truth[$1]; bad = 1 } }
    END { exit bad || n != 3 }' s1.truth.tsv run/mirna.counts.tsv > out ||
    fail "counts differ from the truth"

# The same bytes for any number of threads, instruction set, container, order and name.
for t in 1 2 3 8; do
    rm -rf run
    expect 0 count -r ref.exoref -t $t -o run s1.fastq.gz s2.fastq.gz
    hashes run | cmp -s - want || fail "$t threads change the result"
done
for cpu in scalar sse4; do
    rm -rf run
    EXM_CPU=$cpu
    expect 0 count -r ref.exoref -o run s1.fastq.gz s2.fastq.gz
    hashes run | cmp -s - want || fail "EXM_CPU=$cpu changes the result"
done
EXM_CPU=auto
mkdir plain
gzip -dc s1.fastq.gz > plain/s1.fq
gzip -dc s2.fastq.gz > plain/s2.fastq
rm -rf run
expect 0 count -r ref.exoref -o run plain/s2.fastq plain/s1.fq
hashes run | cmp -s - want || fail "plain input changes the result"
rm -rf run
mkfifo pipe
cat plain/s1.fq > pipe &
expect 0 count -r ref.exoref --sample s1 -o run pipe
wait
grep -q 2000 out || fail "reads of a pipe"

# Another run in the same folder: what the first wrote goes, with a word; the user's own stays.
expect 0 count -r ref.exoref --bam -o again s1.fastq.gz s2.fastq.gz
echo mine > again/notes
echo more >> again/bam/s1.bam.bai
cp again/bam/s1.bam.bai kept.bai
expect 0 count -r ref.exoref -o again s2.fastq.gz
says 'removed from again, as an earlier run had written them: '
says 'records/s1.exr'
if [ -e again/records/s1.exr ] || [ -e again/bam/s1.bam ]; then fail "results of the run before"; fi
[ -e again/notes ] && cmp -s again/bam/s1.bam.bai kept.bai || fail "a file of the user's was removed"
rm again/notes again/bam/s1.bam.bai
rmdir again/bam
expect 0 count -r ref.exoref -o once s2.fastq.gz
diff -r again once > out 2>&1 || fail "an earlier run shows in a later one"
expect 0 count -r ref.exoref -o again s2.fastq.gz
if grep -q removed err; then fail "removed without need"; fi

# Lanes: a sheet, --sample, and a sheet with lanes in two rows.
{ echo 'sample,fastq_1,kit,batch'; echo 's1,s1.fastq.gz,truseq,b1'; } > sheet.csv
expect 0 count -r ref.exoref --sheet sheet.csv --json -o run2
is_json out
grep -q '	b1$' run2/coldata.tsv || fail "the sheet's column is not in coldata.tsv"
head -n 4000 plain/s1.fq > plain/l1.fq
tail -n +4001 plain/s1.fq > plain/l2.fq
expect 0 count -r ref.exoref --sample s1 -o run3 plain/l1.fq plain/l2.fq
{ echo 'sample	fastq_1'; echo 's1	plain/l1.fq'; echo 's1	plain/l2.fq'; } > lanes.tsv
expect 0 count -r ref.exoref --sheet lanes.tsv -o run4
cmp -s run3/records/s1.exr run4/records/s1.exr || fail "lanes by sheet and by --sample differ"
cmp -s run/records/s1.exr run3/records/s1.exr || fail "lanes and one file differ"

# Molecules and reads in one table are remarked on.
expect 0 simulate reads -r ref.exoref --kit qiaseq -n 2000 --mirnas 3 --read-length 76 -o umi
expect 0 count -r ref.exoref -o mixed s1.fastq.gz umi.fastq.gz
says '1 sample with UMIs counted in molecules, 1 without in reads'
expect 0 count -r ref.exoref -o alone umi.fastq.gz
silent

# ---- options ----
expect 0 count -r ref.exoref --skip report,gff,isomirs,multiqc -o slim s1.fastq.gz
for f in report.html mirna.gff3 isomir.counts.tsv multiqc; do
    [ ! -e slim/$f ] || fail "--skip left $f"
done
expect 0 count -r ref.exoref --dry-run -o none s1.fastq.gz s2.fastq.gz
prints 'would count 2 samples'
prints truseq
expect 0 count -r ref.exoref --dry-run --json -o none --layout insert,TGGAATTCTCGG s1.fastq.gz
is_json out
[ ! -e none ] || fail "--dry-run made a folder"
printf 'kit=truseq\nmin-length = 18\nskip=report\n' > params
expect 0 count -r ref.exoref --params params -o p1 s1.fastq.gz
expect 0 count -r ref.exoref --kit truseq --min-length 18 --skip report -o p2 s1.fastq.gz
cmp -s p1/provenance.json p2/provenance.json || fail "a parameter file differs from options"
if cmp -s p1/records/s1.exr run/records/s1.exr; then fail "parameters left the record alone"; fi
expect 0 count -r ref.exoref -q -t 2 -o q s1.fastq.gz
silent

# ---- --fail-on-qc: 49 miRNAs fail, 50 are a warning, 120 pass; results are published ----
awk 'BEGIN { srand(1); split("A C G T", base, " ")
    for (i = 1; i <= 120; i++) {
        s = ""
        for (k = 0; k < 70; k++) s = s base[1 + int(4 * rand())]
        printf ">qcm-mir-%d\n%s\n", i, s > "many.hairpin.fa"
        printf ">qcm-miR-%d-5p\n%s\n", i, substr(s, 9, 22) > "many.mature.fa"
    } }'
expect 0 ref build -q --mature many.mature.fa --hairpin many.hairpin.fa -o many.exoref
for n in 49 50 120; do
    awk -v n=$n '/^>/ { i++; next } i <= n { print ">r" i "_x4000"; print }' many.mature.fa > m$n.fa
done
expect 0 count -r many.exoref --no-adapter -o qc m49.fa m50.fa m120.fa
silent
[ "$(grep -c 'fail$' out) $(grep -c 'warn$' out) $(grep -c 'pass$' out)" = "1 1 1" ] || fail "verdicts"
expect 0 count -r many.exoref --no-adapter --fail-on-qc -o qc50 m50.fa m120.fa
silent
expect 3 count -r many.exoref --no-adapter --fail-on-qc -o qc49 m49.fa m50.fa m120.fa
says 'note: m49 fails quality control: miRNAs seen (1 read): 49 miRNAs, below 50 miRNAs.'
says '1 of 3 samples fails quality control'
cmp -s qc/mirna.counts.tsv qc49/mirna.counts.tsv || fail "exit 3 without the results"
[ -s qc49/provenance.json ] || fail "exit 3 without provenance.json"
expect 3 count -r many.exoref --no-adapter --fail-on-qc --json -o qc49 m49.fa
is_json out
prints '"verdict": "fail"'
: > none.fa
expect 1 count -r many.exoref --no-adapter --fail-on-qc --keep-going -o qc1 m49.fa none.fa
says '1 of 1 sample fails'

# A bad sample refuses the run; --keep-going publishes the others and says so.
head -c 3000 s2.fastq.gz > s3.fastq.gz
expect 1 count -r ref.exoref -o bad s1.fastq.gz s3.fastq.gz
says s3
says -keep-going
[ -z "$(find bad -type f)" ] || fail "a refused run published files"
expect 1 count -r ref.exoref --keep-going -o bad s1.fastq.gz s3.fastq.gz
says s3
[ -s bad/records/s1.exr ] && [ ! -e bad/records/s3.exr ] || fail "--keep-going"
grep -q '"sample": "s3"' bad/provenance.json || fail "the failed sample is not in provenance"
expect 1 count -r ref.exoref --keep-going --json -o bad2 s3.fastq.gz
is_json out
all_done
