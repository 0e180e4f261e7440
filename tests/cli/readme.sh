#!/bin/sh
# The tour of README.md, command by command, and what it says they print.
# usage: readme.sh EXOMIR SOURCE_FOLDER; EXM_DEMO: where ./run demo fetched its data to
. "${0%/*}/lib.sh"
readme=$2/README.md
[ -d "${EXM_DEMO:-none}/optimir" ] && [ -d "$EXM_DEMO/dnapi" ] || {
    echo "skipped: EXM_DEMO names no fetched data"
    exit 77
}
PATH=$(cd "${exomir%/*}" && pwd):$PATH
export PATH
cd "$tmp"
ln -s "$EXM_DEMO" demo

# Blocks of the tour: n.sh are commands, n.txt what the block behind them shows.
awk '/^## /{ tour = $0 == "## Tour" }
    !tour { next }
    /^```sh$/ { n++; file = n ".sh"; next }
    /^```$/ { if (file == "") file = n ".txt"; else file = ""; next }
    file != "" { print > file }' "$readme"
[ -s 6.sh ] && [ ! -e 7.sh ] || fail "the tour has not six steps"

# shows WANTED GOT: each line of WANTED is in GOT, in this order; a line may end in an ellipsis.
shows() {
    awk 'NR == FNR { want[++n] = $0; next }
        { w = want[at + 1]; cut = sub(/ *…$/, "", w)
          if (at < n && (cut ? index($0, w) == 1 : $0 == w)) at++ }
        END { if (at < n) { print "missing or out of order: " want[at + 1]; exit 1 } }' "$1" "$2"
}

for i in 1 2 3 4 5 6; do
    cases=$((cases + 1))
    sh -eu $i.sh > out 2>&1 || fail "step $i of the tour fails"
    [ -s $i.txt ] || fail "step $i shows nothing"
    shows $i.txt out || fail "step $i of the tour prints something else"
    sed '$s/[0-9a-z]/#/' $i.txt > altered.txt # negative control
    if shows altered.txt out > /dev/null; then fail "an altered line of step $i goes unnoticed"; fi
done

[ "$(wc -c < "$2/docs/report.png")" -le 200000 ] || fail "the picture is too large"
# Every file that the README points at is there.
sed -n 's/.*/&/; s/\[[^]]*\](\([^)#]*\))/\n@\1\n/gp' "$readme" | sed -n 's/^@//p' | while read -r f; do
    [ -e "$2/$f" ] || fail "README.md points at $f"
done
all_done
