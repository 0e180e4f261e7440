#!/bin/sh
# The report of exomir diff in Debian's Chromium.  usage: diff.sh EXOMIR [SCREENSHOT.png]
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
command -v chromium > /dev/null && command -v python3 > /dev/null || {
    echo "chromium or python3 is missing: not tried"
    exit 77
}
golden=$here/../golden/in
for engine in edger voom deseq2; do
    "$exomir" diff -q --engine $engine --counts "$golden/synth_counts.tsv" \
        --coldata "$golden/synth_pheno.tsv" --design '~ batch + group' --contrast case-ctl \
        -o "$tmp/$engine" > "$tmp/out"
    python3 "$here/diff.py" "$tmp/$engine/report.html" "$tmp/$engine/diff.tsv" ${2:+"$2"}
done
