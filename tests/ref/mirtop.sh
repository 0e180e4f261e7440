#!/bin/sh
# mirtop.sh - mirtop reads our mirna.gff3, and its counts are ours.
#
#     mirtop.sh EXOMIR        EXM_DEMO: fetched data, for the commands that need a reference
#
# What docs/formats.md says of mirtop 0.4.25 is checked here, header forms included.
# Exit: 0 as told, 1 not, 77 without mirtop.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
command -v mirtop > /dev/null 2>&1 || {
    echo "skipped: mirtop is not installed"
    exit 77
}
python=$(sed -n '1s/^#! *//p' "$(command -v mirtop)") # the Python that has its modules
version=$(mirtop --version 2> /dev/null | sed -n 's/^mirtop //p')
[ "$version" = 0.4.25 ] || echo "note: mirtop $version; formats.md is about 0.4.25"
cd "$tmp"
make_rich_ref
# An A in front of mature 1, where its hairpin has C, and one with a substitution besides.
printf '>a_x7\nATTTCCTCATGCAATTCAAAACC\n>b_x3\nATTTCCTCATGCTATTCAAAACC\n' >> rich/trimmed.fa
expect 0 count -q -r rich.exoref -o run rich/truseq.fastq rich/qiaseq.fastq rich/trimmed.fa rich/dplex.fastq

reads_it() { # WORDS...: a mirtop command that must end well
    cases=$((cases + 1))
    mirtop "$@" > out 2> err || fail "mirtop $*"
    if grep -qE 'Traceback| ERROR ' err out; then fail "mirtop $* complains"; fi
}
mkdir counts stats sql compare
reads_it counts --gff run/mirna.gff3 -o counts
reads_it stats -o stats run/mirna.gff3
reads_it sql -c --gff run/mirna.gff3 -o sql
reads_it compare -o compare run/mirna.gff3 run/mirna.gff3

"$python" -W ignore "$here/mirtop_check.py" run counts/mirna.tsv stats/mirtop_stats.txt sql/mirtop.db \
    > told 2> err || { cp told out; fail "mirtop and we differ"; }
cases=$((cases + $(grep -c '^ok' told)))
cat told

# Commands that need hairpins and places: the human reference.
if [ -d "${EXM_DEMO:-none}/dnapi" ]; then
    make_human_ref
    head -c 400000 "$EXM_DEMO/dnapi/usr/share/doc/dnapi/examples/good.fq.gz" | gzip -dc 2> err |
        head -n 8000 > good.fastq
    expect 0 count -q -r human.exoref -o human good.fastq
    mkdir gff export
    set -- --sps hsa --hairpin "$resources/fasta/hsa_hairpins_miRBase_v22.fa" \
        --gtf "$resources/coordinates/hsa_miRBase_v22.gff3"
    reads_it gff --format gff "$@" -o gff human/mirna.gff3
    ours=$(grep -vc '^#' human/mirna.gff3)
    [ "$(grep -v '^#' gff/mirtop.gff | grep -c .)" -eq "$ours" ] || fail "mirtop gff loses lines"
    reads_it export --format isomir "$@" -o export human/mirna.gff3
    # It knows sequences of one hairpin only.
    single=$(grep -v '^#' human/mirna.gff3 | grep -vc 'Parent=[^;]*,')
    [ "$(($(wc -l < export/mirna_rawData.tsv) - 1))" -eq "$single" ] || fail "mirtop export"
    echo "ok $ours lines of human reads"
fi
all_done
