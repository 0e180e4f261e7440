#!/bin/sh
# The tables of docs/methods/cargo.md, run.
. "${0%/*}/lib.sh"
root=$2
command -v python3 > /dev/null || {
    echo "skipped: no python3"
    exit 77
}
make_ref
cd "$tmp"
python3 "$root/tests/cli/cargo.py" "$exomir" "$root/docs/methods/cargo.md"
