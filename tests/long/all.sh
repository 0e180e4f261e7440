#!/bin/sh
# The slow tier, for ./run test --long: every fault that the machine can make, and valgrind.
#
# usage: all.sh EXOMIR [PIECE...]     pieces: faults others valgrind (all of them)
set -eu
exomir=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ $# -gt 0 ] || set -- faults others valgrind
table=$(mktemp)
trap 'rm -f "$table"' EXIT

faults() { # OPTIONS...
    python3 "$here/faults.py" "$exomir" "$@" > "$table.one" || {
        cat "$table.one" >&2
        rm -f "$table.one"
        exit 1
    }
    cat "$table.one"
    cat "$table.one" >> "$table"
    rm -f "$table.one"
}

# Unit tests that are slow enough without valgrind are run by count's own cases below.
watched() {
    tests=0
    cd "$root"
    for t in build/dev/test_*; do
        [ -x "$t" ] || continue
        case ${t##*/} in
        *_large | *_long | test_trim_oracle | test_umi) continue ;;
        esac
        EXM_CPU=sse4 timeout 1200 valgrind -q --error-exitcode=9 --leak-check=full \
            --errors-for-leak-kinds=definite "$t" > "$table.one" 2>&1 || {
            tail -n 40 "$table.one" >&2
            echo "FAIL: valgrind $t" >&2
            exit 1
        }
        tests=$((tests + 1))
    done
    rm -f "$table.one"
    [ "$tests" -gt 10 ] || { echo "FAIL: no unit tests in build/dev" >&2; exit 1; }
    sh tests/cli/valgrind.sh build/dev/exomir
    echo "valgrind: $tests unit tests and tests/cli/valgrind.sh, no error, nothing lost" |
        tee -a "$table"
}

# Valgrind sees a planted leak and a planted read behind the end.
planted() {
    printf '#include <stdlib.h>\nint main(int n, char **v) { volatile char *p = malloc(4); (void) v;
return n > 1 ? p[4] & 0 : (p = NULL, 0); }\n' > "$table.c"
    cc -O0 -g -o "$table.bin" "$table.c"
    for word in '' read; do
        # shellcheck disable=SC2086
        if valgrind -q --error-exitcode=9 --leak-check=full "$table.bin" $word 2> /dev/null; then
            echo "FAIL: valgrind does not see a planted error" >&2
            exit 1
        fi
    done
    rm -f "$table.c" "$table.bin"
}

for piece in "$@"; do
    case $piece in
    faults)
        faults --case bam --threads2 --kills 1000
        faults --case spill --kills 250
        faults --case umi --threads2
        faults --case stdin
        faults --case again
        ;;
    others) for c in ref simulate explain diff; do faults --case $c; done ;;
    valgrind) planted && watched ;;
    *) echo "all.sh: no piece '$piece'" >&2; exit 2 ;;
    esac
done
printf '\nSummary\n'
cat "$table"
