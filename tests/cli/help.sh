#!/bin/sh
# --help, manual pages and completion: all of them come from one table and name each option.
. "${0%/*}/lib.sh"
tab=$(printf '\t')

expect 0 completion bash
cp "$tmp/out" "$tmp/completion"
if command -v bash > /dev/null 2>&1; then
    bash -c '
        source "$1"
        try() { # words... -> the candidates, one a line
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _exomir
            printf "%s\n" "${COMPREPLY[@]}"
        }
        try exomir cou | grep -qx count || { echo "no command" >&2; exit 1; }
        try exomir ref b | grep -qx build || { echo "no second word" >&2; exit 1; }
        try exomir count --fail | grep -qx -- --fail-on-qc || { echo "no option" >&2; exit 1; }
        try exomir count --kit qia | grep -qx qiaseq || { echo "no kit" >&2; exit 1; }
        try exomir count --kit = nextflex-v4 | grep -qx nextflex-v4 ||
            { echo "no kit after =" >&2; exit 1; }
        try exomir count -r "${1%completion}ou" | grep -q "/out$" || { echo "no file" >&2; exit 1; }
        if try exomir count --kit zzz | grep -q .; then echo "too much" >&2; exit 1; fi
    ' bash "$tmp/completion" || fail "completion"
    cases=$((cases + 7))
fi

# Options of a command, as the completion script knows them.
options_of() {
    sed -n "s/^ *\"$1\") _exomir_words '\(--.*\)' ;;\$/\1/p" "$tmp/completion"
}

commands='ref build,ref show,count,explain read,simulate reads,doctor,man,completion,help'
expect 0 --help
silent
cp "$tmp/out" "$tmp/main"
expect 0 help
cmp -s "$tmp/out" "$tmp/main" || fail "'exomir help' differs from --help"
expect 0 man
cp "$tmp/out" "$tmp/main.1"

old=$IFS
IFS=,
for c in $commands; do
    IFS=$old
    grep -qF "  $c " "$tmp/main" || fail "--help does not list $c"
    grep -qF "exomir $c" "$tmp/main.1" || fail "the manual page does not list $c"
    # shellcheck disable=SC2086 # two words on purpose
    expect 0 $c --help
    silent
    cp "$tmp/out" "$tmp/help"
    if awk 'length($0) > 80 { exit 1 }' "$tmp/help"; then :; else fail "$c: line above 80"; fi
    if grep -q "$tab" "$tmp/help"; then fail "$c: tab in the help"; fi
    # shellcheck disable=SC2086
    expect 0 help $c
    cmp -s "$tmp/out" "$tmp/help" || fail "'exomir help $c' differs from --help"
    # shellcheck disable=SC2086
    expect 0 man $c
    sed 's/\\-/-/g' "$tmp/out" > "$tmp/man"
    n=0
    for o in $(options_of "$c"); do
        n=$((n + 1))
        grep -qF -e "$o" "$tmp/help" || fail "$c --help lacks $o"
        grep -qF -e "$o" "$tmp/man" || fail "the page of $c lacks $o"
    done
    [ "$n" -ge 4 ] || fail "$c: only $n options in the completion"
    if command -v man > /dev/null 2>&1; then
        warned=$(MANWIDTH=80 man --warnings -E UTF-8 -l "$tmp/out" 2>&1 > /dev/null) || :
        [ -z "$warned" ] || fail "man page of $c: $warned"
    fi
    IFS=,
done
IFS=$old

# Names that users' scripts rely on.
expect 0 count --help
for o in --ref --out --kit --layout --no-adapter --sheet --json --threads --dry-run \
    --fail-on-qc --min-length --max-length --overlap --error-rate --quality-trim --max-ee \
    --low-complexity --min-umi --skip --allow-empty --allow-no-adapter --allow-low-mirna \
    --keep-going --params --sample -r, -o, -t, -q, -v, -h,; do
    prints "$o"
done
expect 0 ref build --help
for o in --mature --hairpin --gff --species --class --spike --artifact --clade --alias --out; do
    prints "$o"
done
for c in 'ref build' 'ref show' count 'explain read' 'simulate reads' doctor; do
    # shellcheck disable=SC2086
    expect 0 $c --help
    for o in -h, --help --json -q, -v, -t, '--threads N'; do prints "$o"; done
done
expect 0 count -h
expect 0 ref --help
prints 'ref build'
expect 0 --version
grep -qE '^exomir [0-9]+\.[0-9]+\.[0-9]+$' "$tmp/out" || fail "--version"
expect 0 count --nonsense --help # help is given whatever else is wrong
prints 'Usage: exomir count'

# No colour and no control characters when the output is no terminal.
if LC_ALL=C tr -d '\12\40-\176' < "$tmp/out" | grep -q .; then fail "control characters"; fi
all_done
