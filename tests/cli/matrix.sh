#!/bin/sh
# exomir matrix from the outside: merged runs are one run over all their samples.
. "${0%/*}/lib.sh"
cd "$tmp"
make_ref
for k in 1 2 3; do
    expect 0 simulate reads -q -r ref.exoref -n 2000 --mirnas 3 --seed "$k" --plain -o "s$k"
done
cat > sheet.csv << 'END'
sample,fastq_1,site,batch
s1,s1.fastq,x,1
s2,s2.fastq,y,2
s3,s3.fastq,x,
END
sed 3,4d sheet.csv > one.csv
sed 2d sheet.csv > two.csv
for run in sheet one two; do
    expect 0 count -q -r ref.exoref --sheet "$run.csv" -o "$run"
done

# ---- merge ----
same_tables() { # DIR DIR: all but provenance, and columns of coldata in their order
    for f in mirna.counts.tsv mirna.unique.tsv mirna.best.tsv isomir.counts.tsv \
        classes.counts.tsv mirna.gff3 coldata.tsv records/s1.exr records/s2.exr \
        records/s3.exr; do
        cmp -s "$1/$f" "$2/$f" || fail "$1/$f and $2/$f differ"
    done
}
expect 0 matrix merge -o m1 one two
silent
prints "3 samples"
sed 's/.*	site	batch/&/; ' sheet/coldata.tsv |
    awk -F '\t' -v OFS='\t' '{ x = $8; $8 = $9; $9 = x; print }' > sorted.tsv
cp -r sheet all
mv sorted.tsv all/coldata.tsv
same_tables all m1
expect 0 matrix merge --json -o m2 two/records/s3.exr two one one m1
is_json out
prints '"samples": 3'
prints '"again": 5'
same_tables m1 m2
expect 0 matrix merge -q -o grown two
expect 0 matrix merge -q -o grown one grown
same_tables m1 grown
expect 0 matrix merge -q -o loose sheet/records
head -n 1 loose/coldata.tsv > out
prints "sample	kit	reads_in	reads_kept	molecules	mirna	content"
expect 0 matrix merge -o loose sheet/records --coldata sheet.csv
same_tables m1 loose
is_json m1/provenance.json

# A sample less is not the same, and what is no longer in a run is not its own.
expect 0 matrix merge -q -o m3 two
if cmp -s m1/mirna.counts.tsv m3/mirna.counts.tsv; then fail "a missing sample went unseen"; fi
cp two/records/s2.exr one/records/old.exr
expect 0 matrix merge -q -o m4 one
[ "$(wc -l < m4/coldata.tsv)" -eq 2 ] || fail "an old record was taken for the run's"

# ---- refusals ----
refuse() { # WORDS OPERANDS...
    words=$1
    shift
    expect 1 matrix merge -o bad "$@"
    says "$words"
    [ ! -e bad ] || fail "something was published"
}
expect 0 count -q -r ref.exoref --sample s1 s2.fastq -o other
refuse "sample 's1' stands for different reads in one/records/s1.exr and other/records/s1.exr" \
    other one
refuse "gone.exr" one gone.exr
mkdir empty
refuse "neither the folder of a run" empty
head -c 500 one/records/s1.exr > cut.exr
refuse "cut.exr" two cut.exr
cp -r two half
rm half/provenance.json
refuse "the run is not complete" half
cp -r two lost
rm lost/records/s3.exr
refuse "lost/records/s3.exr" lost
cp -r two says
sed 's/	y	/	z	/' two/coldata.tsv > says/coldata.tsv
refuse "sample 's2', column 'site': 'y' in two/coldata.tsv, 'z' in says/coldata.tsv" two says
expect 1 matrix merge -o sheet one
says "another command"
expect 2 matrix merge -o bad
all_done
