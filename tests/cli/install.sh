#!/bin/sh
# What 'cmake --install' puts where: program, manual pages, completion, documents.
# usage: install.sh EXOMIR BUILD_FOLDER
. "${0%/*}/lib.sh"
build=$(cd "$2" && pwd)
exomir=$(cd "${exomir%/*}" && pwd)/exomir
cd "$tmp"
cmake --install "$build" --prefix "$tmp/usr" > log 2>&1 || {
    cat log >&2
    fail "cmake --install"
}
expect 0 --version
cp out version
exomir=$tmp/usr/bin/exomir
expect 0 --version
cmp -s out version || fail "another program was installed"
[ -s usr/share/exomir/limits/plasma.tsv ] || fail "limits"
[ -s usr/include/exomir/status.h ] && [ -s usr/share/doc/exomir/README.md ] &&
    [ -s usr/share/doc/exomir/docs/formats.md ] || fail "headers or documents"

# One page per command that --help lists, and no other.
expect 0 --help
sed -n '/^Commands:/,/^Options:/p' out |
    sed -n 's/^  \([a-z]\{1,\}\( [a-z]\{1,\}\)\{0,1\}\)  .*/exomir \1/p' | tr ' ' '-' |
    LC_ALL=C sort > commands
[ "$(wc -l < commands)" -ge 9 ] || fail "the commands of --help were not understood"
ls usr/share/man/man1 | sed 's/\.1$//' | LC_ALL=C sort | grep -vx exomir > pages
diff commands pages > out || fail "commands (<) and manual pages (>)"
ls usr/share/man/man1/exomir.1 > out || fail "no page of the program"

# Every page renders without a warning; every page that one refers to is there.
for p in usr/share/man/man1/*.1; do
    sed -n 's/^\.BR \([a-z\\-]*\) (1).*/\1/p' "$p" | sed 's/\\//g' | while read -r other; do
        [ -s "usr/share/man/man1/$other.1" ] || fail "$p refers to $other(1)"
    done
    if command -v man > /dev/null 2>&1; then
        cases=$((cases + 1))
        MANWIDTH=80 man --warnings -E UTF-8 -l "$p" > text 2> err || fail "man -l $p"
        silent
        grep -q '^NAME' text && grep -q 'exomir' text || fail "$p is empty"
    fi
done
if command -v man > /dev/null 2>&1; then # negative control: a bad page is noticed
    { cat usr/share/man/man1/exomir.1; echo '.SS "\*[nosuch]" \[nosuch]'; } > bad.1
    warned=$(MANWIDTH=80 man --warnings -E UTF-8 -l bad.1 2>&1 > text) || :
    [ -n "$warned" ] || fail "a page with an unknown character gives no warning"
    MANPATH=$tmp/usr/share/man man -w exomir-ref-build > out 2> err || fail "man finds no page"
fi

if command -v bash > /dev/null 2>&1; then
    cases=$((cases + 1))
    bash -c 'source usr/share/bash-completion/completions/exomir
        COMP_WORDS=(exomir cou); COMP_CWORD=1; COMPREPLY=(); _exomir
        [ "${COMPREPLY[0]}" = count ]' 2> err || fail "completion"
    if [ -r /usr/share/bash-completion/bash_completion ]; then # found by name, when asked for
        XDG_DATA_DIRS=$tmp/usr/share bash -c '
            source /usr/share/bash-completion/bash_completion
            _completion_loader exomir; complete -p exomir' > out 2> err
        prints '_exomir'
    fi
fi
all_done
