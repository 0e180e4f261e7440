"""Runs the tables of cargo.md.  usage: cargo.py EXOMIR CARGO.md   (in the folder of make_ref)"""
import copy, json, os, re, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import mdtable

exomir, document = sys.argv[1:]
page = open(document).read()


def run(*words):
    r = subprocess.run([exomir, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert r.returncode == 0, (words, r.stderr)
    return r.stdout


def table(path):
    with open(path) as f:
        return [line.rstrip("\n").split("\t") for line in f]


def build(out, *words):
    run("ref", "build", "-q", "--mature", "mature.fa", "--hairpin", "hairpin.fa", *words, "-o", out)


def count(name, reads, *words, ref):
    """Counts (sequence, reads) pairs as one sample; the folder's name."""
    with open(name + ".fa", "w") as f:
        f.writelines(f">r{i}_x{n}\n{s}\n" for i, (s, n) in enumerate(reads))
    run("count", "-q", "-r", ref, "-o", name + ".out", "--no-adapter", "--allow-low-mirna", *words, name + ".fa")
    return name + ".out"


def sample(folder):
    with open(folder + "/qc.json") as f:
        return json.load(f)["samples"][0]


# ---- tRNA fragments ----
phe, leader, trailer = re.search(r"Yeast tRNA-Phe, `([ACGT]+)`.*leader `([ACGT]+)` and trailer `([ACGT]+)`", page).groups()
for name, seq in (("phe", phe), ("pre", leader + phe + trailer)):
    with open(name + ".fa", "w") as f:
        f.write(f">{name}\n{seq}\n")
build("trna.exoref", "--class", "tRNA=phe.fa", "--class", "pre-tRNA=pre.fa")
told = mdtable.read(document, "trna reads")
reads = [(r["read"], i + 1) for i, r in enumerate(told)]
out = count("fragments", reads, ref="trna.exoref")
seen = {}
for key, n in table(out + "/trna_fragments.counts.tsv")[1:]:
    kind, feature, plate = key.split("|")
    assert feature == ("pre" if kind in ("tRF-1", "precursor") else "phe"), key
    seen[reads[int(n) - 1][0]] = {"type": kind, "plate": plate}
wrong = [(r, seen.get(r["read"])) for r in told if seen.get(r["read"]) != {k: r[k] for k in ("type", "plate")}]
assert not wrong, wrong
types = mdtable.read(document, "types")
sums = {t["type"]: sum(n for (s, n) in reads if seen[s]["type"] == t["type"]) for t in types}
assert {t: int(n) for t, n in table(out + "/trna_types.counts.tsv")[1:]} == sums == sample(out)["trna"]
assert len(told) == len(seen) and all(v for t, v in sums.items() if t != "whole"), sums
# Inserts too long for a row still count; without class tRNA there is no table.
out = count("whole", [(phe + "CCA", 7), (reads[0][0], 2)], ref="trna.exoref")
assert sample(out)["trna"]["whole"] == 7 and len(table(out + "/trna_fragments.counts.tsv")) == 2
build("bare.exoref")
out = count("bare", [(reads[0][0], 2), (phe, 2)], ref="bare.exoref")
assert sample(out)["trna"] is None and not [f for f in os.listdir(out) if f.startswith("trna")]
# The worked score of the loop.
anticodon = phe.index("CTGAAGA")
pairs = [{"CG": 3, "GC": 3, "AT": 2, "TA": 2, "GT": 1, "TG": 1}.get(phe[anticodon - 5 + i] + phe[anticodon + 11 - i], -2) for i in range(5)]
assert f"{' + '.join(map(str, pairs))} = {sum(pairs)}, so 4 * {sum(pairs)} + 12 + 4 + 4 - {abs(anticodon - 5 - 26)} = {4 * sum(pairs) + 20}" in page
print(f"ok {len(told)} tRNA reads")

# ---- other species ----
with open("clade.fa", "w") as f:
    f.write(">cel-miR-901\nCATGACCTTGCGTAAGCTTGGA\n>cbr-miR-901\nCATGACCTTGCGTAAGCTTGGT\n>cel-miR-902\nTTGGCATCGAACCATGTTACGA\n"
            ">dme-miR-903\nAACGTTGGCACTTACCGGATAC\n>dme-miR-904\nGGATTCACCGTTAGCACTTACA\n")
build("clade.exoref", "--clade", "clade.fa")
own = "TTTCCTCATGCAATTCAAAACC"
# cel-miR-901 has a 20-mer of its own (the last) and two that cbr shares: one miRNA under two labels.
out = count("foreign", [("CATGACCTTGCGTAAGCTTGGA", 40), ("TTGGCATCGAACCATGTTACGA", 62), ("AACGTTGGCACTTACCGGATAC", 900), (own, 8998)],
            ref="clade.exoref")
f = sample(out)["foreign"]
assert f["found"] and f["clade"] == "nematodes:cel" and (f["reads"], f["mirnas"], f["evidence"]) == (102, 2, 40), f
check = next(i for i in sample(out)["items"] if i["id"] == "foreign")
assert check["verdict"] == "fail" and check["value"] == 0.4, check
assert check["reason"].startswith("nematodes:cel: 102 reads of 2 miRNAs, 1.02% of kept; 40 without the commonest, limit 7.7. "), check
assert "*nematodes:cel: 102 reads of 2 miRNAs …*" in page
# Negative controls: one miRNA alone, whatever its reads; a few reads of several; no --clade.
out = count("single", [("AACGTTGGCACTTACCGGATAC", 5000), (own, 5000)], ref="clade.exoref")
assert not sample(out)["foreign"]["found"] and sample(out)["foreign"]["clade"] == "insects:dme"
out = count("few", [("AACGTTGGCACTTACCGGATAC", 7), ("GGATTCACCGTTAGCACTTACA", 7), (own, 9986)], ref="clade.exoref")
assert not sample(out)["foreign"]["found"] and sample(out)["foreign"]["evidence"] == 7
out = count("more", [("AACGTTGGCACTTACCGGATAC", 8), ("GGATTCACCGTTAGCACTTACA", 8), (own, 9984)], ref="clade.exoref")
assert sample(out)["foreign"]["found"]
check = next(i for i in sample(out)["items"] if i["id"] == "foreign")
assert check["verdict"] == "warn" and check["value"] == 0.08, check
assert sample(count("none", [(own, 100)], ref="bare.exoref"))["foreign"] is None
for r in mdtable.read(document, "clade limits"):
    s = sample(count("limit", [(own, int(r["kept reads"]))], ref="clade.exoref"))
    assert round(s["foreign"]["limit_reads"], 1) == float(r["limit"]), (r, s["foreign"])
# Simulated: 1 % of reads of another species.
run("simulate", "reads", "-q", "-r", "clade.exoref", "-n", "20000", "--mirnas", "3", "--foreign", "clade.fa", "--foreign-share", "0.01",
    "--background", "hairpin.fa", "--background-share", "0.1", "-o", "contaminated")
truth = {r[0]: int(r[1]) for r in table("contaminated.truth.tsv")[1:]}
foreign = sum(n for k, n in truth.items() if k[:3] in ("cel", "cbr", "dme"))
assert 140 < foreign < 260 and 1700 < truth["background"] < 2300, truth
run("count", "-q", "-r", "clade.exoref", "-o", "contaminated.out", "contaminated.fastq.gz")
s = sample("contaminated.out")
assert s["foreign"]["found"] and abs(s["kept"]["foreign"] - foreign) < 0.2 * foreign, (s["foreign"], foreign)
print("ok other species")
