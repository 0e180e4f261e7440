#!/bin/sh
# exomir diff from the outside: results equal limma's table, refusals say why, nothing half.
. "${0%/*}/lib.sh"
golden=${0%/*}/../golden
counts=$golden/in/synth_counts.tsv
known=$golden/in/synth_pheno.tsv

expect 0 diff -q --counts "$counts" --coldata "$known" --design '~ batch + group' \
    --contrast case-ctl -o "$tmp/de"
prints "285 of 300 features tested in 24 samples"
head -n 1 "$tmp/de/diff.tsv" > "$tmp/out"
prints "feature	log2fc	ci_low	ci_high	stat	df	p	fdr	mean_log2_cpm	mean_case	mean_ctl	tags"
[ -e "$tmp/de/provenance.json" ] || fail "no provenance"
is_json "$tmp/de/diff.json"

# The same analysis from shuffled files, packed, with other threads and another coding.
{
    head -n 1 "$counts"
    tail -n +2 "$counts" | LC_ALL=C sort -r
} | awk -F '\t' -v OFS='\t' '{ x = $2; $2 = $9; $9 = x; print }' | gzip > "$tmp/c.gz"
{
    head -n 1 "$known"
    tail -n +2 "$known" | LC_ALL=C sort -r
} > "$tmp/k.tsv"
expect 0 diff -q -t 1 --counts "$tmp/c.gz" --coldata "$tmp/k.tsv" --design '~ batch + group' \
    --contrast case-ctl -o "$tmp/de2"
cmp "$tmp/de/diff.tsv" "$tmp/de2/diff.tsv" || fail "order or threads left a trace"
expect 0 diff -q --counts "$counts" --coldata "$known" --design '~ 0 + group + batch' \
    --contrast case-ctl -o "$tmp/de3"
cut -f 1,8 "$tmp/de/diff.tsv" | awk -F '\t' 'NR > 1 && $2 < 0.05 { print $1 }' > "$tmp/a"
cut -f 1,8 "$tmp/de3/diff.tsv" | awk -F '\t' 'NR > 1 && $2 < 0.05 { print $1 }' > "$tmp/b"
cmp "$tmp/a" "$tmp/b" || fail "another coding of the same model changes the result"
sed '2s/	9	/	10	/' "$counts" > "$tmp/changed.tsv"
expect 0 diff -q --counts "$tmp/changed.tsv" --coldata "$known" --design '~ batch + group' \
    --contrast case-ctl -o "$tmp/de4"
if cmp -s "$tmp/de/diff.tsv" "$tmp/de4/diff.tsv"; then fail "a changed count went unseen"; fi

# deseq2: all features with a count, the package's own table (its contrast is ctl-case).
for t in 1 2; do
    expect 0 diff -q -t $t --engine deseq2 --no-filter --counts "$counts" --coldata "$known" \
        --design '~ batch + group' --contrast ctl-case -o "$tmp/ds$t"
done
cmp "$tmp/ds1/diff.tsv" "$tmp/ds2/diff.tsv" || fail "threads left a trace in deseq2"
is_json "$tmp/ds1/diff.json"
awk -F '\t' '
    function off(a, b) { return a == "NA" || b == "NA" ? a != b : (a > b ? a - b : b - a) > 1e-4 * (b > 0 ? b : -b) }
    NR == FNR { lfc[$1] = $3; p[$1] = $6; q[$1] = $7; next }
    FNR > 1 { n++; if (off($2, lfc[$1]) || off($7, p[$1]) || off($8, q[$1])) print }
    END { print n + 0 > "/dev/stderr" }
' "$golden/out/deseq2_wald_synth.tsv" "$tmp/ds1/diff.tsv" > "$tmp/off" 2> "$tmp/n"
[ ! -s "$tmp/off" ] || fail "differs from the package: $(head -n 2 "$tmp/off")"
[ "$(cat "$tmp/n")" = 295 ] || fail "$(cat "$tmp/n") rows compared"
# The numbers of docs/methods/differential-expression.md.
doc=${0%/*}/../../docs/methods/differential-expression.md
for run in de ds1; do
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
