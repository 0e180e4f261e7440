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

# ---- import ----
import() { # CODE OPTIONS...
    code=$1
    shift
    expect "$code" matrix import "$@"
}
printf 'm\ts2\ts1\nexm-miR-2-5p\t1\t2\nEXM-MIR-1-5P\t3\t40\n' > c.tsv
printf 'id,site,age\ns1,x,\nother,y,3\ns2,y,41\n' > k.csv
import 0 -o i1 --counts c.tsv --coldata k.csv -r ref.exoref
says "1 rows of k.csv are of samples without counts"
printf 'mirna\ts1\ts2\nexm-miR-1-5p\t40\t3\nexm-miR-2-5p\t2\t1\n' > want
cmp want i1/counts.tsv || fail "counts.tsv"
printf 'id\tsite\tage\ns1\tx\tNA\ns2\ty\t41\n' > want
cmp want i1/coldata.tsv || fail "coldata.tsv"
is_json i1/provenance.json
# The same as a spreadsheet writes it: byte order mark, semicolons, CRLF, packed, other order.
printf '\357\273\277m;s1;s2\r\nEXM-MIR-1-5P;40;3.0\r\nexm-miR-2-5p;2;1\r\n' | gzip > c.csv.gz
import 0 -q -o i2 --counts c.csv.gz --coldata k.csv -r ref.exoref
for f in counts.tsv coldata.tsv names.tsv; do
    cmp "i1/$f" "i2/$f" || fail "another way to write the same gave another $f"
done
import 0 -q -o i3 --counts i1/counts.tsv --coldata i1/coldata.tsv -r ref.exoref
cmp i1/counts.tsv i3/counts.tsv && cmp i1/coldata.tsv i3/coldata.tsv || fail "import twice"
# Hairpins are told, the unknown kept or dropped, and an empty sample named.
printf 'm\ta\tb\nexm-mir-1\t1\t0\nexm-mir-3\t2\t0\nlost\t9\t0\n' > h.tsv
import 0 --json -o h1 --counts h.tsv -r ref.exoref
prints '"hairpin": 2'
prints '"unknown": 1'
says "2 of 3 features are hairpins"
says "1 of 3 features are not in the bundle: kept"
says "sample b has no counts at all"
grep -q "^lost	9	0" h1/counts.tsv || fail "the unknown was lost"
head -n 1 h1/counts.tsv > out
prints "hairpin	a	b"
import 0 -q -o h2 --counts h.tsv -r ref.exoref --drop-unknown
[ "$(wc -l < h2/counts.tsv)" -eq 3 ] || fail "the unknown was kept"
grep -q "^lost	unknown	NA	9" h2/names.tsv || fail "what was dropped is not listed"
[ ! -e h2/coldata.tsv ] || fail "coldata of nothing"

reject() { # WORDS COUNTS [COLDATA]
    words=$1
    printf "$2" > bad.tsv
    printf "${3:-s\\\\tx\\\\na\\\\t1\\\\n}" > bad_known.tsv
    import 1 -o refused --counts bad.tsv --coldata bad_known.tsv
    says "$words"
    [ ! -e refused ] || fail "something was published"
}
reject "line 3, sample a: '1.5': it is not a whole number" 'm\ta\nx\t1\ny\t1.5\n'
reject "a count is not negative" 'm\ta\nx\t-1\n'
reject "no missing values" 'm\ta\nx\tNaN\n'
reject "no missing values" 'm\ta\nx\tNA\n'
reject "a decimal comma?" 'm;a\nx;1,5\n'
reject "line 3: 'x' stands in line 2 already" 'm\ta\nx\t1\nx\t2\n'
reject "no row of sample 'pat01', which the counts have; is it 'pat-01'?" 'm\tpat01\nx\t1\n' \
    's\tx\npat-01\t1\n'
reject "sample 'a' stands in line 2 already" 'm\ta\nx\t1\n' 's\tx\na\t1\na\t2\n'
head -c 30 c.csv.gz > cut.gz
import 1 -o refused --counts cut.gz
says "truncated"
printf 'm\ta\ncel-lin-4\t1\n' > bad.tsv
import 1 -o refused --counts bad.tsv -r ref.exoref
says "none of 1 names"
import 2 -o refused --counts c.tsv --drop-unknown
import 1 -o m1 --counts c.tsv
says "another command"
all_done
