#!/bin/sh
# exomir diff from the outside: results equal limma's table, refusals say why, nothing half.
. "${0%/*}/lib.sh"
golden=${0%/*}/../golden
counts=$golden/in/synth_counts.tsv
known=$golden/in/synth_pheno.tsv

expect 0 diff -q --engine voom --counts "$counts" --coldata "$known" --design '~ batch + group' \
    --contrast case-ctl -o "$tmp/de"
prints "285 of 300 features tested in 24 samples"
head -n 1 "$tmp/de/diff.tsv" > "$tmp/out"
prints "feature	log2fc	ci_low	ci_high	stat	df	p	fdr	mean_log2_cpm	mean_case	mean_ctl	tags"
[ -e "$tmp/de/provenance.json" ] || fail "no provenance"
is_json "$tmp/de/diff.json"

# golden_agrees TABLE OURS LOG2FC P FDR ROWS: columns of the package's table, to 1e-4
golden_agrees() {
    awk -F '\t' -v fc="$3" -v pv="$4" -v qv="$5" '
        function off(a, b) {
            return a == "NA" || b == "NA" ? a != b : (a > b ? a - b : b - a) > 1e-4 * (b > 0 ? b : -b)
        }
        FNR == 1 && NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
        NR == FNR { lfc[$1] = $at[fc]; p[$1] = $at[pv]; q[$1] = $at[qv]; next }
        FNR > 1 { n++; if (off($2, lfc[$1]) || off($7, p[$1]) || off($8, q[$1])) print }
        END { print n + 0 > "/dev/stderr" }
    ' "$1" "$2" > "$tmp/off" 2> "$tmp/n"
    [ ! -s "$tmp/off" ] || fail "differs from $1: $(head -n 2 "$tmp/off")"
    [ "$(cat "$tmp/n")" = "$6" ] || fail "$(cat "$tmp/n") rows compared with $1"
}

# The same analysis from shuffled files, packed, with other threads and another coding.
{
    head -n 1 "$counts"
    tail -n +2 "$counts" | LC_ALL=C sort -r
} | awk -F '\t' -v OFS='\t' '{ x = $2; $2 = $9; $9 = x; print }' | gzip > "$tmp/c.gz"
{
    head -n 1 "$known"
    tail -n +2 "$known" | LC_ALL=C sort -r
} > "$tmp/k.tsv"
expect 0 diff -q -t 1 --engine voom --counts "$tmp/c.gz" --coldata "$tmp/k.tsv" --design '~ batch + group' \
    --contrast case-ctl -o "$tmp/de2"
cmp "$tmp/de/diff.tsv" "$tmp/de2/diff.tsv" || fail "order or threads left a trace"
expect 0 diff -q --engine voom --counts "$counts" --coldata "$known" --design '~ 0 + group + batch' \
    --contrast case-ctl -o "$tmp/de3"
cut -f 1,8 "$tmp/de/diff.tsv" | awk -F '\t' 'NR > 1 && $2 < 0.05 { print $1 }' > "$tmp/a"
cut -f 1,8 "$tmp/de3/diff.tsv" | awk -F '\t' 'NR > 1 && $2 < 0.05 { print $1 }' > "$tmp/b"
cmp "$tmp/a" "$tmp/b" || fail "another coding of the same model changes the result"
sed '2s/	9	/	10	/' "$counts" > "$tmp/changed.tsv"
expect 0 diff -q --engine voom --counts "$tmp/changed.tsv" --coldata "$known" --design '~ batch + group' \
    --contrast case-ctl -o "$tmp/de4"
if cmp -s "$tmp/de/diff.tsv" "$tmp/de4/diff.tsv"; then fail "a changed count went unseen"; fi

# deseq2: all features with a count, the package's own table (its contrast is ctl-case).
for t in 1 2; do
    expect 0 diff -q -t $t --engine deseq2 --no-filter --counts "$counts" --coldata "$known" \
        --design '~ batch + group' --contrast ctl-case -o "$tmp/ds$t"
done
cmp "$tmp/ds1/diff.tsv" "$tmp/ds2/diff.tsv" || fail "threads left a trace in deseq2"
is_json "$tmp/ds1/diff.json"
golden_agrees "$golden/out/deseq2_wald_synth.tsv" "$tmp/ds1/diff.tsv" log2FoldChange pvalue padj 295
# edger, the default.
for t in 1 2; do
    expect 0 diff -q -t $t --counts "$counts" --coldata "$known" --design '~ batch + group' \
        --contrast case-ctl -o "$tmp/ql$t"
done
cmp "$tmp/ql1/diff.tsv" "$tmp/ql2/diff.tsv" || fail "threads left a trace in edger"
is_json "$tmp/ql1/diff.json"
# edgeR 3.40.2 from filterByExpr(design) to glmQLFTest on the same files.
row=$(awk -F '\t' '$1 == "miR-001" { printf "%.6f %.5f %.6e", $2, $5, $7 }' "$tmp/ql1/diff.tsv")
[ "$row" = "1.080599 27.05623 1.114717e-05" ] || fail "miR-001: $row"
# The numbers of docs/methods/differential-expression.md.
doc=${0%/*}/../../docs/methods/differential-expression.md
for run in ql1 de ds1; do
    row=$(awk -F '\t' '$1 == "miR-001" { printf "| %.4f | %.4g | %.4g |", $2, $7, $8 }' "$tmp/$run/diff.tsv")
    grep -qF "$row" "$doc" || fail "the document does not say $row"
done

# Refusals.
refuse() { # WORDS OPTIONS...
    words=$1
    shift
    expect 1 diff -q -o "$tmp/bad" "$@"
    says "$words"
    [ ! -e "$tmp/bad/diff.tsv" ] || fail "something was published"
}
refuse "no column 'gruop'; is it 'group'?" --counts "$counts" --coldata "$known" \
    --design '~ gruop' --contrast case-ctl
refuse "'cas' is no coefficient and no level of the model; is it 'case'?" --counts "$counts" \
    --coldata "$known" --design '~ group' --contrast cas-ctl
awk -F '\t' -v OFS='\t' '{ print $0, (NR == 1 ? "site" : $2 "x") }' "$known" > "$tmp/site.tsv"
refuse "is determined by the terms before it" --counts "$counts" --coldata "$tmp/site.tsv" \
    --design '~ site + group' --contrast case-ctl
sed '3s/	[0-9]*	/	1.5	/' "$counts" > "$tmp/cpm.tsv"
refuse "not a whole number" --counts "$tmp/cpm.tsv" --coldata "$known" --design '~ group' \
    --contrast case-ctl
awk -F '\t' -v OFS='\t' 'NR > 1 { $5 = 0 } { print }' "$counts" > "$tmp/zero.tsv"
refuse "sample 'S04' has no counts at all" --counts "$tmp/zero.tsv" --coldata "$known" \
    --design '~ group' --contrast case-ctl
sed '$d' "$known" > "$tmp/short.tsv"
refuse "no row of sample 'S24'" --counts "$counts" --coldata "$tmp/short.tsv" \
    --design '~ group' --contrast case-ctl
gzip -c "$counts" | head -c 5000 > "$tmp/cut.gz"
refuse "truncated" --counts "$tmp/cut.gz" --coldata "$known" --design '~ group' \
    --contrast case-ctl
expect 2 diff --counts "$counts" --coldata "$known" --contrast case-ctl -o "$tmp/bad"
expect 2 diff --engine edgr --counts "$counts" --coldata "$known" --design '~ group' \
    --contrast case-ctl -o "$tmp/bad"
all_done
