#!/bin/sh
# exomir count --bam: what it adds, and that nothing half is ever left of it.
. "${0%/*}/lib.sh"
make_ref
cd "$tmp"
expect 0 simulate reads -q -r ref.exoref -n 6000 --mirnas 3 --random-share 0.5 --plain -o s1
expect 0 simulate reads -q -r ref.exoref -n 500 --mirnas 3 --seed 2 --plain -o s2
printf 'sample,fastq_1\nA,s1.fastq\nB,s2.fastq\nC,bad.fastq\n' > sheet.csv
printf '@r\nACGT\n+\nII\n' > bad.fastq

# ---- it changes no other output, and --skip leaves it alone ----
expect 0 count -q -r ref.exoref -o plain s1.fastq s2.fastq
[ ! -e plain/bam ] || fail "a folder that nobody asked for"
expect 0 count -q -r ref.exoref -o with --bam s1.fastq s2.fastq
(cd with && find . -type f | LC_ALL=C sort) > all
(cd plain && find . -type f | LC_ALL=C sort) > fewer
comm -13 fewer all > more
printf './bam/%s\n' s1.bam s1.bam.bai s2.bam s2.bam.bai | cmp -s - more || fail "files of --bam"
while read -r f; do # provenance and report name the options
    case "$f" in ./provenance.json | ./report.html) continue ;; esac
    cmp -s "plain/$f" "with/$f" || fail "--bam changes $f"
done < fewer
for f in s1 s2; do
    for end in bam bam.bai; do
        grep -q "$(sha256sum "with/bam/$f.$end" | cut -d ' ' -f 1)" with/provenance.json ||
            fail "provenance lacks $f.$end"
    done
done
expect 0 count -q -r ref.exoref -o slim --bam --skip report,gff,isomirs,multiqc s1.fastq s2.fastq
cmp -s slim/bam/s1.bam with/bam/s1.bam || fail "--skip changes the BAM"
expect 1 count -q -r ref.exoref -o going --bam --keep-going --sheet sheet.csv
[ -s going/bam/A.bam ] && [ -s going/bam/B.bam ] && [ ! -e going/bam/C.bam ] || fail "--keep-going"

empty() { # folder: nothing was published, nothing is left
    cases=$((cases + 1))
    [ -z "$(find "$1" -type f ! -name keep 2> /dev/null)" ] || fail "files were left in $1"
}

# ---- where it cannot be written ----
mkdir blocked
: > blocked/bam
expect 1 count -q -r ref.exoref -o blocked --bam s1.fastq
says 'blocked/bam: is a file'
rm blocked/bam
empty blocked
if (ulimit -f 100) 2> /dev/null; then # 51,200 bytes: enough for a record, not for the BAM
    for more in '' --keep-going; do
        for t in 1 3; do
            got=0
            (
                trap '' XFSZ
                ulimit -f 100
                # shellcheck disable=SC2086
                exec "$exomir" count -q -t $t $more -r ref.exoref -o full --bam s1.fastq > out 2> err
            ) || got=$?
            [ "$got" -eq 1 ] || fail "a full disk: exit $got, not 1"
            says 'bam/s1.bam: cannot write'
            empty full
        done
    done
fi
if [ "$(id -u)" -eq 0 ] && mkdir disk && mount -t tmpfs -o size=96k none disk 2> /dev/null; then
    got=0
    "$exomir" count -q -r ref.exoref -o disk/run --bam s1.fastq > out 2> err || got=$?
    [ "$got" -eq 1 ] || fail "a small disk: exit $got, not 1"
    says 'disk full'
    empty disk/run
    mount -o remount,ro disk
    got=0
    "$exomir" count -q -r ref.exoref -o disk/run --bam s1.fastq > out 2> err || got=$?
    [ "$got" -eq 1 ] || fail "a read-only disk: exit $got, not 1"
    says 'Read-only'
    umount disk
else
    echo "skipped: no file system of our own"
fi

# ---- killed at any rename: what has its final name is whole; the next run tidies up ----
if strace -f -o trace true 2> /dev/null; then
    at=1
    while :; do
        rm -rf killed
        got=0
        ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -e trace=rename -e inject=rename:signal=KILL:when=$at \
            "$exomir" count -q -t 1 -r ref.exoref -o killed --bam s1.fastq s2.fastq > out 2> err || got=$?
        [ "$got" -ne 0 ] || break
        (cd killed && find . -type f ! -name '*.tmp.*') > finals
        while read -r f; do
            [ "$f" != ./provenance.json ] || fail "killed at rename $at: provenance is there"
            cmp -s "killed/$f" "with/$f" || fail "killed at rename $at: $f is not whole"
        done < finals
        cases=$((cases + 1))
        at=$((at + 1))
    done
    [ $at -ge 15 ] || fail "only $at renames"
    expect 0 count -q -r ref.exoref -o killed --bam s1.fastq s2.fastq
    [ -z "$(find killed -name '*.tmp.*')" ] || fail "temporaries of killed runs were left"
    diff -r -q with killed > out || fail "a run after killed ones differs"
else
    echo "skipped: no strace"
fi
all_done
