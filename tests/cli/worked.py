"""Runs the tables of counting.md.  usage: worked.py EXOMIR REFERENCE COUNTING.md FOLDER"""
import copy, json, os, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import mdtable

exomir, reference, document, folder = sys.argv[1:]


def run(*words):
    return subprocess.run([exomir, *words], check=True, stdout=subprocess.PIPE, text=True).stdout


# ---- reads ----
def explain(read):
    """What the table says of a read, as the program has it."""
    found = json.loads(run("explain", "read", "--json", "-r", reference, read))["candidates"]
    best = {}
    for c in found:
        if c["best"]:
            best.setdefault(c["feature"], c)
    if not best:
        return dict.fromkeys(("class", "feature", "variant", "cost", "bits"), "-")
    best = [best[k] for k in sorted(best)]
    one = {k: "; ".join(dict.fromkeys(str(c[k]) for c in best)) for k in ("class", "cost", "bits")}
    return one | {k: "; ".join(c[k] for c in best) for k in ("feature", "variant")}


def differences(rows, seen):
    return [f"{r['read']}: {k} is {s[k]}, not {r[k]}" for r, s in zip(rows, seen) for k in s if r[k] != s[k]]


rows = mdtable.read(document, "worked reads")
seen = [explain(r["read"]) for r in rows]
wrong = differences(rows, seen)
assert len(rows) >= 12 and not wrong, wrong
print(f"ok {len(rows)} worked reads")

# Negative control: any cell that is altered is noticed.
for i, r in enumerate(rows):
    for k in seen[i]:
        altered = copy.deepcopy(rows)
        altered[i][k] = "1" + r[k]
        assert differences(altered, seen), f"{r['read']}: an altered {k} goes unnoticed"
altered = copy.deepcopy(rows)
altered[0]["read"] = "GATTACAGATTACAGATTACA"  # and so is a read
assert differences(altered, [explain(r["read"]) for r in altered]), "an altered read goes unnoticed"
print("ok negative controls")

# ---- samples ----
samples = {}
for r in mdtable.read(document, "sample reads"):
    samples.setdefault(r["sample"], []).append((r["read"], int(r["reads"])))
paths = []
for name, reads in samples.items():
    paths.append(os.path.join(folder, name + ".fa"))
    with open(paths[-1], "w") as f:
        f.writelines(f">r{i}_x{n}\n{read}\n" for i, (read, n) in enumerate(reads))
out = os.path.join(folder, "samples")
run("count", "-q", "-r", reference, "--no-adapter", "-o", out, *paths)


def table(name):
    with open(os.path.join(out, name)) as f:
        head, *body = [line.rstrip("\n").split("\t") for line in f]
    return {(row[0], s): int(v) for row in body for s, v in zip(head[1:], row[1:])}


got = {k: table(f"mirna.{k}.tsv") for k in ("counts", "unique", "best")}
told = mdtable.read(document, "sample counts")
for r in told:
    for k in got:
        have = got[k][r["feature"], r["sample"]]
        assert have == int(r[k]), f"{r['sample']}, {r['feature']}: {k} is {have}, not {r[k]}"
listed = {(r["feature"], r["sample"]) for r in told}
assert not [k for k, v in got["counts"].items() if v and k not in listed], "a count is missing in the table"
classes = table("classes.counts.tsv")
assert classes["hairpin", "cargo"] == 20 and classes["unannotated", "cargo"] == 9
for name, reads in samples.items():
    assert sum(v for (_, s), v in classes.items() if s == name) == sum(n for _, n in reads), name
print(f"ok {len(told)} counts of {len(samples)} samples")
