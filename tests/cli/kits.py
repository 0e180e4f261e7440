"""Runs the tables of kits.md.  usage: kits.py EXOMIR REFERENCE KITS.md FOLDER"""
import json, os, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import mdtable

exomir, reference, document, folder = sys.argv[1:]
reads = os.path.join(folder, "reads.fa")
with open(reads, "w") as f:
    f.write(">r\nTTTCCTCATGCAATTCAAAACCTGGAATTCTCGGGTGCCAAGG\n")


def run(*words):
    return subprocess.run([exomir, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def count(path, *words, dry=True):
    out = os.path.join(folder, "run")
    return run("count", "-r", reference, "-o", out, "--json", *(["--dry-run"] if dry else []), *words, path)


def plan(path, *words):
    """Kit and evidence of a dry run; a named kit's evidence is its layout."""
    r = count(path, *words)
    assert r.returncode == 0, r.stderr
    s = json.loads(r.stdout)["samples"][0]
    return s["kit"], s["evidence"]


# ---- presets ----
presets = mdtable.read(document, "presets")
for p in presets:
    assert plan(reads, "--kit", p["preset"]) == (p["preset"], p["layout"]), p
    # Without any adapter: kept whole, or refused.
    whole = os.path.join(folder, "whole.fa")
    with open(whole, "w") as f:
        f.write(">r_x100\nTTTCCTCATGCAATTCAAAACC\n")
    r = count(whole, "--kit", p["preset"], "--allow-no-adapter", "--allow-low-mirna", dry=False)
    assert r.returncode == 0, (p, r.stderr)
    kept = json.loads(r.stdout)["samples"][0]["kept"]
    assert kept == {"yes": 0, "no": 100}[p["adapter needed"]], (p, kept)
help_text = " ".join(run("completion", "bash").stdout.split())
want = "auto " + " ".join(p["preset"] for p in presets)
assert f'"count --kit") _exomir_words \'{want}\'' in help_text, f"the program's presets are not: {want}"
print(f"ok {len(presets)} presets, no other")

# ---- layout strings ----
rows = mdtable.read(document, "layouts")


def verdict(row):
    """None, or what differs."""
    r = count(reads, "--layout", row["layout"])
    if row["is"] == "accepted":
        if r.returncode != 0:
            return r.stderr
        s = json.loads(r.stdout)["samples"][0]
        again = plan(reads, "--layout", s["evidence"])[1]
        return None if s["evidence"] == row["as"] == again else s["evidence"]
    if r.returncode != 2 or row["as"] not in r.stderr or "character" not in r.stderr:
        return f"exit {r.returncode}: {r.stderr}"
    return None


wrong = [(r["layout"], v) for r in rows if (v := verdict(r))]
assert not wrong, wrong
assert {r["is"] for r in rows} == {"accepted", "refused"}
print(f"ok {len(rows)} layout strings")
for r in rows:  # negative control: no row would pass for its opposite, or with another text
    other = {"accepted": "refused", "refused": "accepted"}[r["is"]]
    assert verdict(r | {"is": other}) and verdict(r | {"as": r["as"] + "#"}), r
print("ok negative controls")

# ---- inference ----
rows = mdtable.read(document, "recognised")
assert {p["preset"] for p in presets} <= {r["reads of"] for r in rows}
calls = {}
for i, r in enumerate(rows):
    prefix = os.path.join(folder, f"k{i}")
    kind = "--kit" if "insert" not in r["reads of"] else "--layout"
    made = run("simulate", "reads", "-r", reference, kind, r["reads of"], "-n", "6000", "--mirnas", "3",
               "--read-length", "76", "-q", "--plain", "-o", prefix)
    assert made.returncode == 0, made.stderr
    calls[i] = plan(prefix + ".fastq")
    assert calls[i][0] == r["called"] and r["evidence holds"] in calls[i][1], (r, calls[i])
for length in ("60", "90", "150"):  # whatever the machine's cycles
    prefix = os.path.join(folder, "long" + length)
    run("simulate", "reads", "-r", reference, "--kit", "dplex", "-n", "6000", "--mirnas", "3", "--read-length", length,
        "-q", "--plain", "-o", prefix)
    assert plan(prefix + ".fastq")[0] == "dplex", length
both = os.path.join(folder, "both.fastq")  # two kits in one file are refused
with open(both, "w") as f:
    pieces = []
    for name in ("truseq", "nebnext"):
        i = next(i for i, r in enumerate(rows) if r["reads of"] == name)
        lines = open(os.path.join(folder, f"k{i}.fastq")).read().split("\n")
        pieces.append(["\n".join(lines[k:k + 4]) for k in range(0, len(lines) - 3, 4)])
    f.write("\n".join(r for pair in zip(*pieces) for r in pair) + "\n")
assert plan(both)[0] == "unclear" and "two kits" in plan(both)[1], plan(both)
stop = count(both, dry=False)
assert stop.returncode == 1 and "the kit is unclear" in stop.stderr, stop.stderr
print(f"ok {len(rows)} libraries recognised or refused as told")
