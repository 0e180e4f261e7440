#!/bin/sh
# The dependency law: a file may include only modules that stand before its own in this order,
# or its own.  A public header belongs to the folder that holds the source of its name.
set -eu
cd "$1"
order="core seq ref stats quant matrix vesicle model treat patient store report serve cli"

rank() { # position of a module in the order, or nothing
    i=0
    for m in $order; do
        i=$((i + 1))
        if [ "$m" = "$1" ]; then
            echo "$i"
            return
        fi
    done
}

home_of() { # the folder of a public header, by its name
    case "$1" in
    status) echo core; return ;;
    esac
    for m in $order; do
        if [ -e "src/$m/$1.c" ]; then echo "$m"; return; fi
    done
    for m in $order; do # a header whose source is split: x.h -> x_part.c
        for f in "src/$m/$1"_*.c; do
            if [ -e "$f" ]; then echo "$m"; return; fi
        done
    done
}

check() { # file, its module, included module
    mine=$(rank "$2")
    other=$(rank "$3")
    if [ -z "$other" ] || [ "$other" -gt "$mine" ]; then
        echo "$1: module '$2' must not include '$3'" >&2
        return 1
    fi
}

scan() { # file, its module
    bad=0
    for h in $(sed -n 's/^#include "exomir\/\([a-z0-9_]*\)\.h".*/\1/p' "$1"); do
        home=$(home_of "$h")
        if [ -z "$home" ]; then
            echo "$1: exomir/$h.h belongs to no source" >&2
            bad=1
        elif ! check "$1" "$2" "$home"; then
            bad=1
        fi
    done
    for h in $(sed -n 's/^#include "\([a-z]*\)\/[a-z0-9_]*\.h".*/\1/p' "$1"); do
        if [ "$h" = exomir ]; then continue; fi
        if [ "$h" != "$2" ]; then # private headers stay inside their folder
            echo "$1: private header of '$h' used in '$2'" >&2
            bad=1
        fi
    done
    return $bad
}

if [ "${2:-}" != selftest ]; then # negative control: a planted breach must be found
    t=$(mktemp -d)
    mkdir -p "$t/src/core" "$t/src/quant" "$t/include/exomir" "$t/cli"
    echo 'int x;' > "$t/src/quant/em.c"
    echo '#include "exomir/em.h"' > "$t/src/core/bad.c"
    : > "$t/include/exomir/em.h"
    if sh "$0" "$t" selftest 2> /dev/null; then
        echo "the dependency test cannot fail" >&2
        rm -rf "$t"
        exit 1
    fi
    rm -rf "$t"
fi

fail=0
n=0
for f in src/*/*.c src/*/*.h cli/*.c cli/*.h; do
    [ -e "$f" ] || continue
    n=$((n + 1))
    m=${f%/*}
    m=${m#src/}
    scan "$f" "$m" || fail=1
done
for f in include/exomir/*.h; do
    [ -e "$f" ] || continue
    h=${f##*/}
    m=$(home_of "${h%.h}")
    if [ -z "$m" ]; then
        echo "$f: belongs to no source" >&2
        fail=1
        continue
    fi
    scan "$f" "$m" || fail=1
done
[ "$n" -gt 0 ] || { echo "no sources found" >&2; exit 1; }
exit $fail
