#!/bin/sh
# samtools.sh - samtools finds nothing wrong with our BAM, and counts what we count.
#
#     samtools.sh EXOMIR        EXM_DEMO: fetched data, for real reads
#
# Exit: 0 as told, 1 not, 77 without samtools.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
command -v samtools > /dev/null 2>&1 || {
    echo "skipped: samtools is not installed"
    exit 77
}
cd "$tmp"
make_rich_ref
expect 0 count -q -r rich.exoref -o run --bam rich/truseq.fastq rich/qiaseq.fastq rich/trimmed.fa
runs=run
if [ -d "${EXM_DEMO:-none}/dnapi" ]; then
    make_human_ref
    cp "$EXM_DEMO/dnapi/usr/share/doc/dnapi/examples/good.fq.gz" good.fq.gz
    expect 0 count -q -r human.exoref -o human --bam good.fq.gz
    runs="run human"
fi

same() { # what, ours, theirs
    cases=$((cases + 1))
    [ "$2" = "$3" ] || fail "$1: $2 is not $3"
}
column() { # run, table, sample: name and value of each row that is not 0
    awk -F '\t' -v s="$3" 'NR == 1 { for (i = 2; i <= NF; i++) if ($i == s) c = i; next }
        $c > 0 { print $1 "\t" $c }' "$1/$2" | LC_ALL=C sort
}
tagged() { # file, pattern: a line of tab-separated tags XF, XC, XM per record
    samtools view "$1" | awk -F '\t' '{ f = c = m = k = ""
        for (i = 12; i <= NF; i++) { v = substr($i, 6)
            if ($i ~ /^XF/) f = v; if ($i ~ /^XC/) c = v; if ($i ~ /^XM/) m = v; if ($i ~ /^XK/) k = v }
        print f "\t" c "\t" (m == "" ? c : m) "\t" k "\t" $3 }'
}
for run in $runs; do
    samtools quickcheck -v "$run"/bam/*.bam > out 2> err || fail "quickcheck"
    for bam in "$run"/bam/*.bam; do
        sample=${bam##*/}
        sample=${sample%.bam}
        samtools view "$bam" > sam 2> err || fail "view"
        [ ! -s err ] || fail "samtools complains"
        uniques=$(wc -l < sam)
        mapped=$(awk '$2 == 0' sam | wc -l)
        samtools flagstat "$bam" > out
        prints "$uniques + 0 in total"
        prints "$mapped + 0 mapped"
        prints "0 + 0 secondary"
        kept=$(awk -F '\t' -v s="$sample" '$1 == s { print $4 }' "$run/coldata.tsv")
        tagged "$bam" > tags
        same "$sample: kept reads" "$kept" "$(awk -F '\t' '{ n += $2 } END { print n }' tags)"
        # idxstats: records by template, the unmapped in the row '*'
        samtools idxstats "$bam" | awk '$1 == "*" { print $1 "\t" $4 } $1 != "*" && $3 { print $1 "\t" $3 }' |
            LC_ALL=C sort > out
        awk -F '\t' '{ n[$5]++ } END { for (t in n) print t "\t" n[t] }' tags | LC_ALL=C sort > want
        cmp -s out want || fail "$sample: idxstats"
        # mirna.best.tsv out of the records
        awk -F '\t' '$4 == "miRNA" { n[$1] += $3 } END { for (f in n) print f "\t" n[f] }' tags |
            LC_ALL=C sort > out
        column "$run" mirna.best.tsv "$sample" > want
        cmp -s out want || fail "$sample: mirna.best.tsv"
        [ -s want ] || fail "$sample: no miRNA"
        cases=$((cases + 4))
        # The index leads to the records of a template.
        first=$(awk '$2 == 0 { print $3; exit }' sam)
        same "$sample: $first by index" "$(awk -v t="$first" '$3 == t' sam | wc -l)" \
            "$(samtools view -c "$bam" "$first")"
        # Sorting changes nothing, and MD is what samtools would write.
        samtools view -H "$bam" > header # samtools adds its own @PG
        samtools sort "$bam" 2> err | samtools view > out
        cmp -s sam out || fail "$sample: samtools sorts otherwise"
        cases=$((cases + 1))
    done
done

# MD and NM, computed again from the hairpins.
samtools faidx hairpin.fa
samtools view -h run/bam/truseq.bam | awk -F '\t' '/^@/ { if ($1 != "@SQ" || $2 ~ /mir/) print; next }
    $3 ~ /mir/' > hairpins.sam
samtools calmd hairpins.sam hairpin.fa 2> err | samtools view > out || fail "calmd"
if grep -q 'different' err; then fail "calmd finds other MD or NM"; fi
cut -f 1-11 out > got
samtools view hairpins.sam | cut -f 1-11 > want
cmp -s got want || fail "calmd"
cases=$((cases + 1))

# Samples of one reference merge as they are.
samtools merge -f merged.bam run/bam/truseq.bam run/bam/qiaseq.bam 2> err || fail "merge"
[ "$(samtools view -c merged.bam)" -eq "$(($(samtools view -c run/bam/truseq.bam) + $(samtools view -c run/bam/qiaseq.bam)))" ] ||
    fail "merge"
cases=$((cases + 1))

# Negative control: a file cut short is found.
head -c "$(($(wc -c < run/bam/truseq.bam) - 28))" run/bam/truseq.bam > cut.bam
if samtools quickcheck cut.bam 2> err; then fail "quickcheck cannot fail"; fi
all_done
