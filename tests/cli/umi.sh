#!/bin/sh
# The tables of docs/methods/umi.md, run.  usage: umi.sh EXOMIR SOURCE_FOLDER
. "${0%/*}/lib.sh"
source_folder=$2
command -v python3 > /dev/null 2>&1 || { echo "skipped: no python3"; exit 77; }
make_ref
python3 "$source_folder/tests/cli/umi.py" "$exomir" "$tmp/ref.exoref" \
    "$source_folder/docs/methods/umi.md" "$tmp" > "$tmp/out" 2> "$tmp/err" || fail "umi"
cases=$(grep -c '^ok' "$tmp/out")
cat "$tmp/out"
all_done
