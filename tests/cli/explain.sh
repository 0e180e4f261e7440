#!/bin/sh
# exomir explain read and exomir doctor.
. "${0%/*}/lib.sh"
make_ref

expect 0 explain read TTTCCTCATGCAATTCAAAACC -r "$tmp/ref.exoref"
prints exm-miR-1-5p
expect 0 explain read --json -r "$tmp/ref.exoref" TTTCCTCATGCAATTCAAAACCAA
is_json "$tmp/out"
prints exm-miR-1-5p
expect 0 explain read -r "$tmp/ref.exoref" CCGTTCGTGCTCCTCGCCCTGAAGC
prints tRNA
expect 1 explain read -r "$tmp/ref.exoref" TTTCCTCATGCAATTCAAAAXX
says "X"

expect 0 doctor
prints 'self-test annotation'
if grep -q '^FAIL' "$tmp/out"; then fail "a check fails"; fi
EXM_CPU=scalar
expect 0 doctor -r "$tmp/ref.exoref"
prints scalar
EXM_CPU=auto
expect 0 doctor --json
is_json "$tmp/out"
prints '"ok": true'
# Negative control: a folder that cannot be written to is noticed.
TMPDIR=$tmp/none
export TMPDIR
expect 1 doctor
prints FAIL
expect 1 doctor --json
is_json "$tmp/out"
prints '"ok": false'
all_done
