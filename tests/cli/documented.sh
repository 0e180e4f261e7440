#!/bin/sh
# Defaults, fates and limits of docs/methods/counting.md.  usage: documented.sh EXOMIR SOURCE_FOLDER
. "${0%/*}/lib.sh"
source_folder=$2
command -v python3 > /dev/null 2>&1 || { echo "skipped: no python3"; exit 77; }
make_rich_ref
python3 "$source_folder/tests/cli/documented.py" "$exomir" "$tmp" \
    "$source_folder/docs/methods/counting.md" > "$tmp/out" 2> "$tmp/err" || fail "documented"
cases=$(grep -c '^ok' "$tmp/out")
cat "$tmp/out"
all_done
