#!/bin/sh
# The HTML report in Debian's Chromium.  usage: report.sh EXOMIR [SCREENSHOT.png]
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
command -v chromium > /dev/null && command -v python3 > /dev/null || {
    echo "chromium or python3 is missing: not tried"
    exit 77
}
make_ref
seed=0
for kit in truseq nextflex-v3 qiaseq nebnext smarter; do
    seed=$((seed + 1))
    "$exomir" simulate reads -r "$tmp/ref.exoref" --kit $kit --reads 4000 --seed $seed \
        --read-length 76 -o "$tmp/sim-$kit" -q
done
# Every fate that a legend can have to name.
"$exomir" simulate reads -r "$tmp/ref.exoref" --kit qiaseq --reads 4000 --seed 6 -q \
    --read-length 62 --dimer-share 0.1 --error-rate 0.04 --random-share 0.1 -o "$tmp/sim-poor"
"$exomir" count -q -r "$tmp/ref.exoref" -o "$tmp/small" "$tmp"/sim-*.fastq.gz > "$tmp/out"
"$exomir" simulate reads -r "$tmp/ref.exoref" --reads 300 --seed 9 --plain -o "$tmp/one" -q
mkdir "$tmp/many"
i=0
while [ $i -lt 1000 ]; do
    i=$((i + 1))
    cp "$tmp/one.fastq" "$tmp/many/s$i.fastq"
done
"$exomir" count -q -r "$tmp/ref.exoref" -o "$tmp/large" --kit truseq "$tmp"/many/*.fastq > "$tmp/out"
python3 "$here/report.py" "$tmp/small/report.html" "$tmp/large/report.html" ${2:+"$2"}
