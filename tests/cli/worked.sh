#!/bin/sh
# The worked reads and samples of docs/methods/counting.md, on the human reference.
# usage: worked.sh EXOMIR SOURCE_FOLDER; EXM_DEMO: where ./run demo fetched its data to
. "${0%/*}/lib.sh"
source_folder=$2
command -v python3 > /dev/null 2>&1 || { echo "skipped: no python3"; exit 77; }
make_human_ref
python3 "$source_folder/tests/cli/worked.py" "$exomir" "$tmp/human.exoref" \
    "$source_folder/docs/methods/counting.md" "$tmp" > "$tmp/out" 2> "$tmp/err" || fail "worked"
cases=$(grep -c '^ok' "$tmp/out")
tail -n 1 "$tmp/out"
all_done
