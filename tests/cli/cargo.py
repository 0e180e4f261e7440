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

# ---- junctions and strands ----
circle, linear = re.search(r"Junction `([ACGT]+)` with `junction=20`, its linear transcript `([ACGT]+)`", page).groups()
for name, seq in (("circ", circle), ("lnc", linear)):
    with open(name + ".fa", "w") as f:
        f.write(f">{name} junction=20\n{seq}\n")
build("junction.exoref", "--class", "circRNA=circ.fa", "--class", "lncRNA=lnc.fa", "--antisense", "lncRNA")
told = mdtable.read(document, "junction reads")
for i, r in enumerate(told):
    got = table(count(f"junction{i}", [(r["read"], 3), (own, 5)], ref="junction.exoref") + "/classes.counts.tsv")
    assert {k for k, n in got[1:] if n == "3"} == {r["class"]}, (r, got)
# Negative controls: other nt, other strand, no header.
build("loose.exoref", "--class", "circRNA=circ.fa", "--antisense", "circRNA", "--junction-nt", "7")
for i in (2, 7):
    got = dict(table(count(f"loose{i}", [(told[i]["read"], 3), (own, 5)], ref="loose.exoref") + "/classes.counts.tsv")[1:])
    assert got["circRNA" if i == 2 else "circRNA_antisense"] == "3", got
for header, seq, says in (("x", circle[1:], "no junction=K"), ("x junction=7", circle, "less than the 8 nt"), ("x junction=2x", circle, "is no number"),
                          ("x junction=99", circle, "is no number")):
    with open("bad.fa", "w") as f:
        f.write(f">{header}\n{seq}\n")
    r = subprocess.run([exomir, "ref", "build", "--mature", "mature.fa", "--hairpin", "hairpin.fa", "--class", "circRNA=bad.fa", "-o", "bad.exoref"],
                       capture_output=True, text=True)
    assert r.returncode == 1 and says in r.stderr and "line 1" in r.stderr, r
print(f"ok {len(told)} junction reads")

# ---- spike-ins ----
letters, told = "GATCCGTAACGGCTTAGCTGAC", mdtable.read(document, "spikes")
sequence = {r["spike"]: letters[i:] + letters[:i] for i, r in enumerate(told)}
with open("spike.fa", "w") as f:
    f.writelines(f">{n}{' amount=777' if n == 'SP-A' else ''}\n{s}\n" for n, s in sequence.items())
with open("amounts.tsv", "w") as f:
    f.write("spikeID\tamount\n" + "".join(f"{r['spike']}\t{r['amount']}\n" for r in told))
build("spike.exoref", "--spike", "spikes=spike.fa", "--spike-amounts", "amounts.tsv")
out = count("spikes", [(sequence[r["spike"]], int(r["reads"])) for r in told if r["reads"] != "0"] + [(own, 500)], ref="spike.exoref")
s = sample(out)["spikes"]
assert (s["given"], s["fitted"]) == (5, 4), s
for r, x in zip(told, s["list"]):
    assert (x["name"], x["count"]) == (r["spike"], int(r["reads"])) and x["amount"] == (float(r["amount"]) if r["amount"] else None), x
    assert (x["recovery_percent"] is None) == (r["recovery"] == "") and (not r["recovery"] or abs(x["recovery_percent"] - float(r["recovery"])) < 0.05), x
line = re.search(r"four points are fitted: slope ([\d.]+), intercept ([\d.]+), R2 ([\d.]+), limit of detection ([\d.]+)\.\n", page)
for k, v in zip(("slope", "intercept", "r2", "limit_of_detection"), line.groups()):
    assert abs(s[k] - float(v)) < 0.6 * 10 ** -len(v.split(".")[1]), (k, v, s[k])
check = next(i for i in sample(out)["items"] if i["id"] == "spike_fit")
assert check["verdict"] == "pass" and check["value"] == s["r2"], check
# Negative control: amounts that counts do not follow; and none at all.
with open("amounts.tsv", "w") as f:
    f.write("spikeID\tamount\n" + "".join(f"{r['spike']}\t{a}\n" for r, a in zip(told, (100, 3, 1000, 5, 1, ""))))
build("other.exoref", "--spike", "spikes=spike.fa", "--spike-amounts", "amounts.tsv")
out = count("unlike", [(sequence[r["spike"]], int(r["reads"])) for r in told if r["reads"] != "0"] + [(own, 500)], ref="other.exoref")
assert next(i for i in sample(out)["items"] if i["id"] == "spike_fit")["verdict"] == "note"
assert sample(count("nospike", [(own, 50)], ref="bare.exoref"))["spikes"] is None
print(f"ok {len(told)} spike-ins")

# ---- editing ----
told = mdtable.read(document, "editing")
mature, plain = re.search(r"The mature is `([ACGT]+)`, of which there are ([\d,]+) reads as they are", page).groups()
reads = [(mature, int(plain.replace(",", "")))]
for r in told:
    at = int(r["position"]) - 1
    assert mature[at] == "A"
    reads.append((mature[:at] + "G" + mature[at + 1:], int(r["edited"])))
with open("exm.gff3", "w") as f:  # the mature is the first of make_ref: base 8 of its hairpin
    f.write("chr2\t.\tmiRNA_primary_transcript\t1001\t1074\t.\t+\t.\tID=h;Name=exm-mir-1\n"
            "chr2\t.\tmiRNA\t1009\t1030\t.\t+\t.\tID=m;Name=exm-miR-1-5p;Derives_from=h\n")
build("edit.exoref", "--gff", "exm.gff3")
known = next(r for r in told if r["call"] == "known")
with open("known.vcf", "w") as f:
    f.write("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
            f"chr2\t{1008 + int(known['position'])}\t{known['known']}\tA\tG\t.\t.\t.\n")
for vcf in (True, False):
    words = ["--vcf", "known.vcf"] if vcf else ["--editing"]
    out = count(f"edit{vcf}", reads, *words, ref="edit.exoref")
    head, *rows = table(out + "/a_to_i.tsv")
    got = {x[head.index("position")]: dict(zip(head, x)) for x in rows}
    assert set(got) == {r["position"] for r in told}
    for r in told:
        x = got[r["position"]]
        assert (x["edited"], x["total"], x["level"]) == (r["edited"], r["total"], r["level"]), x
        assert abs(float(x["error_rate"]) - float(r["error_rate"])) < 5e-5, x
        if vcf and r is known:
            assert (x["p"], x["fdr"], x["call"], x["known"]) == ("NA", "NA", "known", r["known"]), x
            continue
        assert abs(float(x["p"]) / float(r["p"]) - 1) < 0.05 and x["known"] == "NA", (x, r)
        assert x["call"] == ("edited" if r is known else r["call"]), x
    qc = sample(out)["editing"]
    assert (qc["edited"], qc["known"]) == ((1, 1) if vcf else (2, 0)), qc
    assert len(table(out + "/variants.tsv")) == 1
assert not os.path.exists("whole.out/a_to_i.tsv") and sample("whole.out")["editing"] is None
# An assembly that is not the reference's stops the run; a file without hairpins is remarked on.
with open("other.vcf", "w") as f:
    f.write(open("known.vcf").read() + "".join(f"chr2\t{p}\t.\tG\tC\t.\t.\t.\n" for p in (1009, 1010, 1011)))
r = subprocess.run([exomir, "count", "-q", "-r", "edit.exoref", "-o", "x", "--no-adapter", "--vcf", "other.vcf", "editTrue.fa"],
                   stderr=subprocess.PIPE, text=True)
assert r.returncode == 1 and "another assembly" in r.stderr and not os.path.exists("x"), r
# Simulated sites, and where they are told.
run("simulate", "reads", "-q", "-r", "edit.exoref", "-n", "20000", "--mirnas", "3", "--edit-sites", "4", "--edit-rate", "0.2", "-o", "edits")
truth = [dict(zip(table("edits.edits.tsv")[0], x)) for x in table("edits.edits.tsv")[1:]]
assert len(truth) == 4 and all(0.1 < int(t["edited"]) / int(t["molecules"]) < 0.3 for t in truth if int(t["molecules"]) > 300), truth
run("count", "-q", "-r", "edit.exoref", "-o", "edits.out", "--editing", "edits.fastq.gz")
head, *rows = table("edits.out/a_to_i.tsv")
called = {(x[1], x[2]) for x in rows if x[head.index("call")] == "edited"}
assert called and called <= {(t["mirna"], t["position"]) for t in truth}, (called, truth)
assert {(t["mirna"], t["position"]) for t in truth if int(t["molecules"]) > 300} <= called, (called, truth)
print(f"ok {len(told)} edited sites")
