#!/bin/sh
# count on each of the 50 sound, odd and damaged files of the shared kit: the verdict wanted, a
# message that names file, place and cause, one JSON document, nothing published.
#     malformed.sh EXOMIR        EXM_SHARED names the folder that holds reliability/malformed
# Exit 77 where that folder is absent.  (unit.malformed judges the reader on its own copies.)
. "${0%/*}/lib.sh"
kit=${EXM_SHARED:-}/reliability/malformed
[ -r "$kit/make.py" ] && command -v python3 > /dev/null 2>&1 || {
    echo "skipped: EXM_SHARED does not name the folder with reliability/malformed"
    exit 77
}
make_ref
cd "$tmp"
mkdir in
python3 "$kit/make.py"
python3 - "$exomir" "$kit/verdicts.tsv" << 'END_PY' > told 2> err || { cp told out; fail "malformed"; }
import csv, json, os, re, subprocess, sys

exomir, verdicts = sys.argv[1:]
rows = list(csv.DictReader(open(verdicts), delimiter="\t"))
assert len(rows) == 50 and {r["verdict"] for r in rows} == {"accept", "refuse"}
for n, r in enumerate(rows):
    path, out = "in/" + r["file"], f"out{n}"
    p = subprocess.run([exomir, "count", "--json", "-t", str(1 + n % 3), "-r", "ref.exoref", "-o", out, "--sample", "S",
                        "--no-adapter", "--allow-low-mirna", path], capture_output=True, text=True)
    told = json.loads(p.stdout)
    if r["verdict"] == "accept":
        assert p.returncode == 0, (r, p.stderr)
        with open(out + "/qc.json") as f:
            assert json.load(f)["samples"][0]["reads_in"] == int(r["reads"]), r
        assert ("comes 1 more time" in p.stderr) == (r["note"] == "warning"), (r, p.stderr)
    else:
        message = told["error"]["message"]
        assert p.returncode == told["error"]["exit"] == 1 and message in p.stderr, (r, p)
        assert path in message and re.search(r"byte \d|record \d+, line \d", message), (r, message)
        assert len(message.split(": ")) > 2 and not os.path.exists(out), (r, message)
    print("ok", r["file"])
END_PY
cases=$(grep -c '^ok' told)
all_done
