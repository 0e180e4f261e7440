"""Runs the tables of umi.md.  usage: umi.py EXOMIR REFERENCE UMI.md FOLDER"""
import itertools, json, math, os, random, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import mdtable

exomir, reference, document, folder = sys.argv[1:]
linker, far = "AACTGTAGGCACCATCAAT", "AGATCGGAAGAGCACACGTCTGAACTCCAGTCA"
mature = "TTTCCTCATGCAATTCAAAACC"


def run(*words):
    r = subprocess.run([exomir, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert r.returncode == 0, (words, r.stderr)
    return r.stdout


def write(name, pairs, umi_nt=12):
    """One read for each of (insert, UMI, reads); a UMI that is cut ends its read."""
    path = os.path.join(folder, name + ".fastq")
    with open(path, "w") as f:
        for insert, umi, reads in pairs:
            read = insert + linker + umi + (far if len(umi) == umi_nt else "")
            f.write(f"@r\n{read}\n+\n{'F' * len(read)}\n" * int(reads))
    return path


def count(files, *words):
    """Molecules by (sample, insert), and qc.json by sample."""
    out = os.path.join(folder, "run")
    subprocess.run(["rm", "-rf", out], check=True)
    run("count", "-q", "-r", reference, "-o", out, *words, *files)
    with open(os.path.join(out, "qc.json")) as f:
        qc = {s["sample"]: s for s in json.load(f)["samples"]}
    molecules = {}
    with open(os.path.join(out, "mirna.gff3")) as f:
        for line in f:
            if line.startswith("#"):
                continue
            tags = dict(x.split("=", 1) for x in line.split("\t")[8].strip().rstrip(";").split("; "))
            for s, v in zip(sorted(qc, key=str.encode), tags["Expression"].split(",")):
                molecules[s, tags["Read"]] = int(v)
    return molecules, qc


# ---- pairs ----
cases = {}
for r in mdtable.read(document, "worked pairs"):
    cases.setdefault(r["case"], []).append((r["insert"], r["UMI"], r["reads"]))
told = mdtable.read(document, "worked molecules")
assert {r["case"] for r in told} == set(cases)
for order in (1, -1):  # of the reads
    files = [write(c, pairs[::order]) for c, pairs in cases.items()]
    for how in ("exact", "directional"):
        got, qc = count(files, "--kit", "qiaseq", "--umi-dedup", how)

        def differences(rows):
            return [r for r in rows if got.get((r["case"], r["insert"]), 0) != int(r[how])]

        assert not differences(told), (how, differences(told), got)
        for r in told:
            assert differences([r | {how: str(int(r[how]) + 1)}]), r
        for c, pairs in cases.items():
            u = qc[c]["umis"]
            want = sum(int(r[how]) for r in told if r["case"] == c)
            assert (u["dedup"], u["pairs"], u["found"], qc[c]["molecules"]) == (how, len(pairs), want, want), u
            assert u["seen_once"] + u["seen_twice"] + u["seen_more"] == want and u["length_nt"] == 12
print(f"ok {len(told)} counts of {len(cases)} cases")
assert count(files, "--kit", "qiaseq")[0] == got, "directional is not the default"
print("ok default")

# ---- chance ----
k = 4**12
for r in mdtable.read(document, "chance"):
    n = int(r["molecules of one insert"])
    x = 36 * n / k
    want = [100 * (1 + k * math.expm1(n * math.log1p(-1 / k)) / n), x, 100 * x / 2]
    for v, (key, cell) in zip(want, list(r.items())[1:]):
        digits = len(cell.partition(".")[2])
        assert f"{v:.{digits}f}" == cell, (n, key, v, cell)
rng = random.Random(1)
n, told = 100000, float([r for r in mdtable.read(document, "chance") if r["molecules of one insert"] == "100000"][0][
    "directional, one read each: lost %"])
path = write("crowd", [(mature, "".join(rng.choices("ACGT", k=12)), 1) for _ in range(n)])
plain = count([path], "--kit", "qiaseq")[0]["crowd", mature]
assert abs(100 * (1 - plain / n) - told) < 0.5, plain
better, qc = count([path], "--kit", "qiaseq", "--umi-correct")
assert abs(better["crowd", mature] / n - 1) < 0.01 and qc["crowd"]["umis"]["found"] == plain, better
assert qc["crowd"]["molecules"] == better["crowd", mature] and qc["crowd"]["umis"]["corrected"]
print(f"ok chance: {n} molecules are {plain}, corrected {better['crowd', mature]}")

for r in mdtable.read(document, "worked corrections"):
    nt, different = int(r["UMI nt"]), int(r["different UMIs"])
    umis = ["".join(u) for u in itertools.islice(itertools.product("ACGT", repeat=nt), different)]
    path = write("few", [(mature, u, r["reads each"]) for u in umis], nt)
    words = ["--layout", f"insert,{linker}/2,U{nt},{far}", "--umi-dedup", "exact"]
    assert count([path], *words)[0]["few", mature] == int(r["exact"]) == different
    assert count([path], *words, "--umi-correct")[0]["few", mature] == int(r["exact, corrected"]), r
print("ok corrections")

# ---- saturation ----
path = write("curve", [(mature, "ACGTACGTACGT", 1), (mature, "GGGGTTTTCCCC", 1), (mature, "TTTTAAAACCCC", 2)])
u = count([path], "--kit", "qiaseq")[1]["curve"]["umis"]
seen = {p["reads"]: p["molecules"] for p in u["saturation"]}
rows = mdtable.read(document, "worked saturation")
assert len(u["saturation"]) == 20 and len(rows) == 4
for r in rows:
    assert abs(seen[int(r["reads"])] - float(r["molecules"])) < 5e-7, (r, seen)
assert (u["duplicates_percent"], u["new_molecules_percent"]) == (25, 50), u
print("ok saturation")

# ---- errors: exact is r L e too high, directional is not ----
prefix = os.path.join(folder, "sim")
run("simulate", "reads", "-r", reference, "--kit", "qiaseq", "-n", "20000", "--mirnas", "3", "--cargo-share", "0",
    "--random-share", "0", "--read-length", "76", "--molecules-share", "0.3", "-q", "--plain", "-o", prefix)
with open(prefix + ".truth.tsv") as f:
    made, true = map(sum, zip(*[map(int, line.split("\t")[1:]) for line in f.read().split("\n")[1:-1]]))
error = {}
for how in ("exact", "directional"):
    count([prefix + ".fastq"], "--umi-dedup", how)
    with open(os.path.join(folder, "run", "mirna.counts.tsv")) as f:
        error[how] = sum(int(line.split("\t")[1]) for line in f.read().split("\n")[1:-1]) / true - 1
told = made / true * 34 * 0.001
assert 0.7 * told < error["exact"] < 1.1 * told, (error, told)
assert abs(error["directional"]) < 0.01, error
print(f"ok errors: exact {100 * error['exact']:+.1f} %, directional {100 * error['directional']:+.2f} %")
