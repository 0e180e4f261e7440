"""Runs the tables of counting.md that need no human reference.

usage: documented.py EXOMIR FOLDER COUNTING.md   (FOLDER as make_rich_ref leaves it)
"""
import json, os, re, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import mdtable

exomir, folder, document = sys.argv[1:]
reference = os.path.join(folder, "rich.exoref")


def run(*words):
    r = subprocess.run([exomir, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert r.returncode == 0, (words, r.stderr)
    return r.stdout


def count(name, *words):
    """qc.json's samples by name."""
    out = os.path.join(folder, name)
    run("count", "-q", "-r", reference, "-o", out, "--allow-low-mirna", "--allow-no-adapter", *words)
    with open(os.path.join(out, "qc.json")) as f:
        return {s["sample"]: s for s in json.load(f)["samples"]}


# ---- defaults: what a run hashes, and what --help says ----
trimmed = os.path.join(folder, "rich", "trimmed.fa")
plan = json.loads(run("count", "--dry-run", "--json", "--no-adapter", "-r", reference, "-o", "x", trimmed))
params = json.loads(plan["parameters_json"])
told = mdtable.read(document, "defaults")
switches = {"layout", "adapter_indels", "umi_dedup", "umi_correct", "allow_empty", "allow_no_adapter", "allow_low_mirna",
            "editing", "known_variants_sha256"}
listed = {r["key in parameters_json"] for r in told}
assert listed == set(params) - switches, listed ^ set(params)
shown = " ".join(run("count", "--help").split())
for r in told:
    assert float(r["default"]) == params[r["key in parameters_json"]], r
    text = re.search(re.escape(r["option"]) + r" [A-Z]+ .*?\[default: ([^\]]*)\]", shown)
    assert text and float(text[1]) == float(r["default"]), (r, text)
print(f"ok {len(told)} defaults")

# ---- one read for each fate ----
linker, umi, far = "AACTGTAGGCACCATCAAT", "ACGTACGTACGT", "AGATCGGAAGAGCACACGTCTGAACTCCAGTCA"
mature, good = "TTTCCTCATGCAATTCAAAACC", "F"
fates = {
    "kept": [mature + linker + umi + far],
    "no_adapter": [mature + "ACGATTGCCA" * 4],
    "no_umi": [mature + linker + umi[:9], mature + linker + "ACGTNCGTACGT" + far],
    "adapter_dimer": [linker + umi + far, "ACG" + linker + umi + far],
    "too_short": ["ACGT" + linker + umi + far, mature[:15] + linker + umi + far],
    "too_long": [mature + mature + linker + umi + far],
    "ambiguous_base": [mature[:9] + "N" + mature[10:] + linker + umi + far],
    "low_quality": [mature + linker + umi + far],
    "low_complexity": ["A" * 20 + linker + umi + far, "AC" * 10 + linker + umi + far],
}
quality = {"low_quality": "$" * 22}  # Q3: half an error each
for name, reads in fates.items():
    path = os.path.join(folder, name + ".fastq")
    with open(path, "w") as f:
        for i, r in enumerate(reads):
            f.write(f"@r{i}\n{r}\n+\n{(quality.get(name, '') + good * len(r))[:len(r)]}\n")
words = ["--kit", "qiaseq", "--max-length", "40"]
seen = count("fates", *words, *[os.path.join(folder, n + ".fastq") for n in fates])
for name, reads in fates.items():
    assert {k: v for k, v in seen[name]["fates"].items() if v} == {name: len(reads)}, (name, seen[name]["fates"])
told = [r["fate"] for r in mdtable.read(document, "fates")]
assert set(told) == set(seen["kept"]["fates"]) and len(told) == len(set(told)), told
# The order of the table is the order of the checks: a read that breaks all rules but the first ...
worst = {"no_adapter": "N" * 9, "no_umi": "ACGTNACG" + linker + "NN", "adapter_dimer": "NN" + linker + "NN",
         "too_short": "NNNNN" + linker + umi}
for name, r in worst.items():
    path = os.path.join(folder, "worst.fastq")
    with open(path, "w") as f:
        f.write(f"@r\n{r}\n+\n{'#' * len(r)}\n")
    got = count("worst", *words, path)["worst"]["fates"]
    assert got[name] == 1, (name, got)
assert told[:4] == list(worst), told
print(f"ok {len(fates)} fates")

# The switches of the last filters.
path = os.path.join(folder, "low_complexity.fastq")
got = count("off", *words, "--low-complexity", "1.1", path)["low_complexity"]["fates"]
assert got["kept"] == 2, got
path = os.path.join(folder, "low_quality.fastq")
got = count("off", *words, "--max-ee", "-1", path)["low_quality"]["fates"]
assert got["kept"] == 1, got
# An adapter with a base too few and one with a base too many: the UMI lies behind it all the same.
path = os.path.join(folder, "indels.fastq")
with open(path, "w") as f:
    for broken in (linker[:8] + linker[9:], linker[:8] + "G" + linker[8:]):
        r = mature + broken + umi + far
        f.write(f"@r\n{r}\n+\n{'F' * len(r)}\n")
for more, fate, molecules in (([], "no_adapter", 0), (["--adapter-indels"], "kept", 1)):
    got = count("off", *words, *more, path)["indels"]
    assert got["fates"][fate] == 2 and got["molecules"] == molecules, (more, got["fates"], got["molecules"])
print("ok switches")

# ---- limits ----
rich = [os.path.join(folder, "rich", n) for n in ("truseq.fastq", "qiaseq.fastq", "trimmed.fa")]
adapter, loop = "TGGAATTCTCGGGTGCCAAGG", "GATTACAGATTACAGATTACAGATTACAG"
foreign, more = "CATGACCTTGCGTAAGCTTGGA", "TTGGCATCGAACCATGTTACGA"
spike = "GATCCGTAACGGCTTAGCTGAC"
poor = {  # what breaks limits: insert, adapter or not, reads
    "absent": [(mature, 1, 100), (loop, 0, 250), (foreign, 0, 50)],
    "dimers": [("", 1, 300), (spike, 1, 200), (foreign, 1, 20), (more, 1, 15), (mature, 1, 10)],
    "failed": [(mature[:10], 1, 900), (loop, 1, 40), (foreign, 1, 5)],
    "other": [(mature, 0, 5), (mature, 1, 5), (loop, 0, 1990)],
}
for name, reads in poor.items():
    with open(os.path.join(folder, name + ".fastq"), "w") as f:
        for ins, with_adapter, n in reads:
            r = ins + adapter * with_adapter
            f.write(f"@r\n{r}\n+\n{'5' * len(r)}\n" * n)
samples = count("limits", *rich) | count(
    "poor", "--kit", "truseq", *[os.path.join(folder, n + ".fastq") for n in poor])
items = [(s["sample"], i) for s in samples.values() for i in s["items"]]
told = {r["id"]: r for r in mdtable.read(document, "limits")}
for s in samples.values():
    assert [i["id"] for i in s["items"]] == list(told), "the items are not those of the table, in its order"


def is_beyond(i, low, high):
    return i["value"] is not None and (low is not None and i["value"] < low
                                       or high is not None and i["value"] > high)


def differences(rows):
    wrong = []
    for sample, i in items:
        r = rows[i["id"]]
        limits = [float(r[k]) if r[k] else None for k in ("low", "high")]
        fails = [float(r["fail"]) if r["fail"] and at is not None else None for at in limits]
        verdict = "na" if i["value"] is None else r["beyond"] if is_beyond(i, *limits) else "pass"
        if i["value"] is not None and is_beyond(i, *fails):
            verdict = "fail"
        want = [*limits, *fails, r["source"], verdict]
        if [i["low"], i["high"], i["fail_low"], i["fail_high"], i["source"], i["verdict"]] != want:
            wrong.append((sample, i, r))
    return wrong


assert not differences(told), differences(told)
broken = sorted({i["id"] for _, i in items if is_beyond(i, i["low"], i["high"])})
assert len(broken) >= 18, broken
for name, r in told.items():  # negative controls
    for k in ("low", "high", "source"):
        assert differences(told | {name: r | {k: "7"}}), (name, k)
    if r["low"] or r["high"]:
        assert differences(told | {name: r | {"fail": "7"}}), name
failed = sorted({i["id"] for _, i in items if i["verdict"] == "fail"})
assert failed == ["adapter_found", "excerpt_transcriptome", "foreign", "kept", "mirna", "mirnas_1"], failed
for name in broken:  # a control for 'beyond', where something lies beyond it but not beyond 'fail'
    if any(i["id"] == name and is_beyond(i, i["low"], i["high"]) and not is_beyond(i, i["fail_low"], i["fail_high"])
           for _, i in items):
        assert differences(told | {name: told[name] | {"beyond": "other"}}), name
# By fluid: what the document tells, what the files say, and what a run does are the same.
def by_fluid(fluid):
    want = {i: (r["low"], r["high"], r["beyond"], r["fail"], None) for i, r in told.items() if r["source"] == "exomir"}
    for r in mdtable.read(document, "limits by fluid"):
        if fluid in r["fluid"].split(", "):
            want[r["id"]] = (r["low"], r["high"], r["beyond"], r["fail"], r["source"])
    return want


folder_of_limits = os.path.join(os.path.dirname(document), "..", "..", "data", "limits")
fluids = sorted(n[:-4] for n in os.listdir(folder_of_limits))
assert fluids == ["cells", "csf", "plasma", "saliva", "serum", "unknown", "urine"], fluids
for fluid in fluids:
    want = by_fluid(fluid)
    got = next(iter(count(f"fluid-{fluid}", "--no-adapter", "--fluid", fluid, trimmed).values()))
    assert got["limits"] == fluid
    for i in got["items"]:
        if i["source"] != "exomir":
            assert i["basis"] == "as published"
            continue
        low, high, beyond, fail, source = want[i["id"]]
        fail_low, fail_high = (fail, "") if low else ("", fail)
        assert [i[k] for k in ("low", "high", "fail_low", "fail_high")] == [
            float(v) if v else None for v in (low, high, fail_low, fail_high)], (fluid, i)
        assert source in (None, i["basis"]), (fluid, i)
    with open(os.path.join(folder_of_limits, fluid + ".tsv")) as f:
        rows = [line.rstrip("\n").split("\t") for line in f if line[0] != "#"]
    listed = {r[0]: dict(zip(rows[0], r)) for r in rows[1:]}
    changed = {k for k, v in want.items() if v[4]} if fluid != "unknown" else set(want)
    assert set(listed) == changed, set(listed) ^ changed
    for k, r in listed.items():
        low, high, beyond, fail, source = want[k]
        assert (r["low"], r["high"], r["fail_low"] + r["fail_high"]) == (low, high, fail), r
        assert r["beyond"] == (beyond if low or high else "") and source in (None, r["source"]), r
assert by_fluid("urine") != by_fluid("saliva") != by_fluid("cells")
print(f"ok limits of {len(fluids)} fluids")
# Reasons: large numbers can be read, and what is not computable says what it lacks.
words = [i["reason"] for _, i in items]
assert not [w for w in words if re.search(r"\d{4}", w)], words
assert any("3,000 reads" in w for w in words)
for lack in ("came without adapter", "carry no qualities", "has no UMIs", "Needs a genome", "100 unambiguous reads"):
    assert any(w.startswith("Not computable here. ") and lack in w for w in words), lack
print(f"ok {len(told)} limits, {len(broken)} of them broken in some sample")
