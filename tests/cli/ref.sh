#!/bin/sh
# exomir ref build and ref show from outside: every form of input, and attempts to break them.
. "${0%/*}/lib.sh"
make_ref
cd "$tmp"
mkdir in
mv ref.exoref hairpin.fa mature.fa trna.fa in/

build() { # CODE ARGUMENTS...; -o out.exoref
    want=$1
    shift
    expect "$want" ref build "$@" -o out.exoref
    if [ "$want" -eq 0 ]; then
        [ -s out.exoref ] || fail "no bundle"
    else
        [ ! -e out.exoref ] || fail "a bundle was left"
    fi
    [ -z "$(find . -name '*.tmp.*')" ] || fail "temporary files were left"
}

names() { # of a bundle: what must not depend on the form of its inputs
    expect 0 ref show --names "$1"
    cp out "$1.names"
}

# ---- one reference, in every legal form ----
build 0 --mature in/mature.fa --hairpin in/hairpin.fa
mv out.exoref plain.exoref
names plain.exoref
[ "$(wc -l < plain.exoref.names)" -eq 4 ] || fail "three miRNAs are expected"
for form in crlf gz bgz zst lower rna bom unended blank; do
    mkdir $form
    for f in mature hairpin; do
        case $form in
        crlf) sed 's/$/\r/' in/$f.fa > $form/$f ;;
        gz) gzip -c in/$f.fa > $form/$f ;;
        bgz) if command -v bgzip > /dev/null; then bgzip -c in/$f.fa; else gzip -c in/$f.fa; fi > $form/$f ;;
        zst) if command -v zstd > /dev/null; then zstd -q -c in/$f.fa; else cat in/$f.fa; fi > $form/$f ;;
        lower) awk '/^>/ { print; next } { print tolower($0) }' in/$f.fa > $form/$f ;;
        rna) sed '/^>/!s/T/U/g' in/$f.fa > $form/$f ;;
        bom) { printf '\357\273\277'; cat in/$f.fa; } > $form/$f ;;
        unended) printf '%s' "$(cat in/$f.fa)" > $form/$f ;;
        blank) awk '{ print; print "" } ' in/$f.fa > $form/$f ;;
        esac
    done
    build 0 --mature $form/mature --hairpin $form/hairpin
    mv out.exoref $form.exoref
    names $form.exoref
    cmp plain.exoref.names $form.exoref.names || fail "the form '$form' shows"
done
"$exomir" ref build --mature - --hairpin in/hairpin.fa -q -o - < in/mature.fa > pipe.exoref
names pipe.exoref
cmp plain.exoref.names pipe.exoref.names || fail "standard input shows"

# ---- inputs that are none ----
: > empty
cat in/hairpin.fa in/hairpin.fa > twice.fa
gzip -c in/hairpin.fa | head -c 60 > cut.fa.gz
build 1 --mature in/mature.fa --hairpin twice.fa
says "twice.fa: line 7: 'exm-mir-1' is there already, on line 1"
build 1 --mature empty --hairpin in/hairpin.fa
says 'empty: the file is empty'
build 1 --mature in/mature.fa --hairpin in
says 'in is a folder'
build 1 --mature in/mature.fa --hairpin cut.fa.gz
says 'cut.fa.gz: byte 60: the gzip data are truncated'
build 1 --mature in/hairpin.fa --hairpin in/mature.fa
says 'are --mature and --hairpin swapped?'
build 1 --mature in/mature.fa --hairpin in/hairpin.fa --gff in/mature.fa
says 'this is FASTA, a GFF3 is needed'
build 1 --mature in/mature.fa --hairpin in/hairpin.fa --gff empty
says 'is this the right GFF3?'
build 1 --mature - --hairpin in/hairpin.fa
says 'standard input: the file is empty'

# A GFF3 that places nothing: of another species, under its own or under our accessions.
printf 'chr1\t.\tmiRNA_primary_transcript\t1\t74\t.\t+\t.\tID=%s;Name=dre-mir-9\n%s\n' MI9 \
    'chr1	.	miRNA	5	26	.	+	.	ID=MIMAT9;Name=dre-miR-9-5p;Derives_from=MI9' > dre.gff3
build 1 --mature in/mature.fa --hairpin in/hairpin.fa --gff dre.gff3
says "dre.gff3 places none of the matures: its first row is 'dre-mir-9', on line 1"
sed 's/MI9/MI0001/; s/MIMAT9/MIMAT0001/' dre.gff3 > foreign.gff3
build 1 --mature in/mature.fa --hairpin in/hairpin.fa --species exm --gff foreign.gff3
says 'places none of the matures of species exm'
sed 's/dre/exm/g; s/MI9/MI0001/g; s/MIMAT9/MIMAT0001/; s/-9/-1/g; s/5	26/12	33/' dre.gff3 > right.gff3
build 0 --mature in/mature.fa --hairpin in/hairpin.fa --gff right.gff3 # negative control
mv out.exoref right.exoref

# ---- outputs that cannot be ----
for to in . in in/ nowhere/out.exoref; do
    expect 1 ref build --mature in/mature.fa --hairpin in/hairpin.fa -o $to
    says "$to"
done
cp in/mature.fa kept.fa
expect 2 ref build --mature kept.fa --hairpin in/hairpin.fa -o ./kept.fa
says 'would be overwritten'
cmp in/mature.fa kept.fa || fail "an input was overwritten"
expect 2 ref build --mature in/mature.fa --hairpin in/hairpin.fa --class tRNA=kept.fa -o kept.fa
cmp in/mature.fa kept.fa || fail "an input was overwritten"
if [ -w /dev/full ]; then
    for c in 'ref build --mature in/mature.fa --hairpin in/hairpin.fa -o -' \
        'ref show plain.exoref' 'ref show --json plain.exoref'; do
        got=0
        # shellcheck disable=SC2086
        "$exomir" $c > /dev/full 2> err || got=$?
        [ $got -eq 1 ] || fail "$c > /dev/full: exit $got"
        says 'disk full'
    done
fi
got=0
"$exomir" ref show plain.exoref >&- 2> err || got=$?
[ $got -eq 1 ] || fail "closed output: exit $got"
(
    ulimit -f 20 # blocks of 512 bytes
    "$exomir" ref build --mature in/mature.fa --hairpin in/hairpin.fa -o out.exoref \
        > out 2> err && exit 1
    [ -z "$(find . -name 'out.exoref*')" ]
) || fail "a limit on file size leaves files"
says 'File too large'
mkdir full ro
if mount -t tmpfs -o size=64k none full 2> /dev/null; then
    got=0
    "$exomir" ref build --mature in/mature.fa --hairpin in/hairpin.fa -o full/x > out 2> err ||
        got=$?
    left=$(find full -type f)
    umount full
    [ $got -eq 1 ] && [ -z "$left" ] || fail "full disk: exit $got, files: $left"
    says 'full/x: cannot write (is the disk full?)'
    mount -t tmpfs -o ro none ro
    got=0
    "$exomir" ref build --mature in/mature.fa --hairpin in/hairpin.fa -o ro/x > out 2> err ||
        got=$?
    umount ro
    [ $got -eq 1 ] || fail "read-only folder: exit $got"
    says 'Read-only file system'
else
    echo "skipped: no right to mount a full and a read-only file system"
fi

# ---- bundles that are cut ----
bytes=$(wc -c < plain.exoref)
at=0
while [ "$at" -lt "$bytes" ]; do
    head -c "$at" plain.exoref > cut.exoref
    expect 1 ref show cut.exoref
    says cut.exoref
    [ ! -s out ] || fail "something was shown of a cut bundle"
    if [ "$at" -lt 70 ]; then at=$((at + 1)); else at=$((at * 4 / 3 + 1)); fi
done
head -c $((bytes - 1)) plain.exoref > cut.exoref
expect 1 ref show cut.exoref
{ cat plain.exoref; echo; } > longer.exoref
expect 1 ref show longer.exoref
says 'something was appended'
mkfifo pipe
expect 1 ref show pipe
says 'must be a regular file'

# ---- bundles that change while they are in use ----
# Reads come through a FIFO, which is opened when the bundle is: then something happens.
mkfifo reads
i=0
while [ $i -lt 300 ]; do
    printf '@r%d\nTTTCCTCATGCAATTCAAAACC\n+\nIIIIIIIIIIIIIIIIIIIIII\n' $i
    i=$((i + 1))
done > reads.fq
while_counting() { # CODE COMMAND...: run while exomir count waits for its reads
    want=$1
    shift
    cases=$((cases + 1))
    cp plain.exoref used.exoref
    rm -rf run
    "$exomir" count -r used.exoref -o run --no-adapter -t 1 reads > out 2> err &
    exec 3> reads
    "$@"
    cat reads.fq >&3 2> /dev/null || :
    exec 3>&-
    got=0
    wait $! || got=$?
    [ $got -eq "$want" ] || fail "$*: exit $got, not $want"
    if [ "$want" -eq 0 ]; then
        [ -s run/provenance.json ] || fail "$*: no results"
    else
        [ ! -e run/provenance.json ] || fail "$*: results were published"
    fi
}
flip() { # one byte of the miRNAs' text, in place
    printf 'X' | dd of=used.exoref bs=1 seek=$((bytes / 2)) conv=notrunc 2> /dev/null
}
replace() {
    cp right.exoref other.exoref
    mv other.exoref used.exoref
}
while_counting 0 true
while_counting 0 touch used.exoref
while_counting 0 replace
while_counting 0 rm used.exoref
while_counting 1 flip
says 'was written to while it was in use'
while_counting 1 truncate -s 100 used.exoref
says 'while it was in use'
while_counting 1 truncate -s 0 used.exoref
says 'while it was in use'
all_done
