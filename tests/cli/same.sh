#!/bin/sh
# One result, whatever the way: threads, instruction set, container, order of reads and
# samples, optimised or not.  usage: same.sh EXOMIR [ANOTHER_BUILD...]
# Real reads and the human reference where EXM_DEMO points to the fetched data.
. "${0%/*}/lib.sh"
shift
if [ -n "${EXM_DEMO:-}" ] && [ -d "$EXM_DEMO/optimir" ]; then
    res=$EXM_DEMO/optimir/usr/lib/python3/dist-packages/optimir/resources
    expect 0 ref build -q --species hsa --mature "$res/fasta/hsa_matures_miRBase_v22.fa" \
        --hairpin "$res/fasta/hsa_hairpins_miRBase_v22.fa" \
        --gff "$res/coordinates/hsa_miRBase_v22.gff3" -o "$tmp/ref.exoref"
    gzip -dc "$EXM_DEMO/dnapi/usr/share/doc/dnapi/examples/good.fq.gz" | head -n 160000 > "$tmp/a.fastq"
    expect 0 simulate reads -q -r "$tmp/ref.exoref" --kit qiaseq --read-length 76 --reads 20000 \
        --plain -o "$tmp/b"
else
    make_ref
    expect 0 simulate reads -q -r "$tmp/ref.exoref" --reads 20000 --plain -o "$tmp/a"
    expect 0 simulate reads -q -r "$tmp/ref.exoref" --kit qiaseq --read-length 76 --reads 20000 \
        --seed 2 --plain -o "$tmp/b"
fi
cd "$tmp"

run() { # WORD PROGRAM OPTIONS...: count, and compare all but provenance.json
    word=$1 program=$2
    shift 2
    cases=$((cases + 1))
    rm -rf out.d
    "$program" count -q -r ref.exoref -o out.d --bam "$@" > out 2> err < /dev/null || fail "$word: count failed"
    (cd out.d && find . -type f ! -name provenance.json | LC_ALL=C sort | xargs sha256sum) > got
    [ -s want ] || cp got want
    cmp -s want got || {
        diff want got >&2 || :
        fail "$word changes the result"
    }
}

run "nothing" "$exomir" -t 1 a.fastq b.fastq
for t in 2 3 8; do run "$t threads" "$exomir" -t $t a.fastq b.fastq; done
for cpu in scalar sse4; do
    EXM_CPU=$cpu
    run "EXM_CPU=$cpu" "$exomir" a.fastq b.fastq
done
EXM_CPU=auto
run "the order of samples" "$exomir" b.fastq a.fastq
for m in 1 200K; do
    run "--max-memory $m" "$exomir" --max-memory $m a.fastq b.fastq
    run "--max-memory $m -t 3" "$exomir" -t 3 --max-memory $m a.fastq b.fastq
done
for program in "$@"; do run "the build $program" "$program" a.fastq b.fastq; done

gzip -k a.fastq b.fastq
run "gzip" "$exomir" a.fastq.gz b.fastq.gz
mkdir bgz zst
if command -v bgzip > /dev/null; then
    for s in a b; do bgzip -c $s.fastq > bgz/$s.fastq.gz; done
    run "BGZF" "$exomir" bgz/a.fastq.gz bgz/b.fastq.gz
fi
if command -v zstd > /dev/null; then
    for s in a b; do zstd -q $s.fastq -o zst/$s.fastq.zst; done
    run "zstd" "$exomir" zst/a.fastq.zst zst/b.fastq.zst
fi
mkdir shuffled
for s in a b; do # by a number that only depends on the line: the same on every machine
    paste - - - - < $s.fastq | awk '{ srand(NR * 7919); printf "%.9f\t%s\n", rand(), $0 }' |
        LC_ALL=C sort -k 1,1 | cut -f 2- | tr '\t' '\n' > shuffled/$s.fastq
    if cmp -s $s.fastq shuffled/$s.fastq; then fail "nothing was shuffled"; fi
done
run "the order of reads" "$exomir" shuffled/a.fastq shuffled/b.fastq
rm want
run "nothing" "$exomir" --kit truseq a.fastq
sed '2s/^./N/' a.fastq > other.fastq && mkdir other && mv other.fastq other/a.fastq
rm -rf out.d
"$exomir" count -q -r ref.exoref -o out.d --kit truseq other/a.fastq > out 2> err < /dev/null
(cd out.d && find . -type f ! -name provenance.json | LC_ALL=C sort | xargs sha256sum) > got
if cmp -s want got; then fail "one changed base went unseen"; fi
all_done
