"""Compares what mirtop read with our tables; run by mirtop's own Python.

usage: mirtop.py RUN COUNTS.tsv STATS.txt DATABASE   (in a folder that may be written to)
"""
import csv, logging, os, sqlite3, sys

from mirtop.gff import header, validator

run, counts_path, stats_path, database = sys.argv[1:]
gff = os.path.join(run, "mirna.gff3")
logging.getLogger().setLevel(logging.CRITICAL)


def table(path):
    with open(path) as f:
        head, *rows = [line.rstrip("\n").split("\t") for line in f]
    return head, rows


# ---- counts ----
head, rows = table(os.path.join(run, "isomir.counts.tsv"))
samples = head[1:]
ours = {"|".join(r[0].split("|")[:3]): [int(v) for v in r[1:]] for r in rows}
assert len(ours) == len(rows) and any(r[0].endswith("|polyA") for r in rows)


def differences(path):
    head, rows = table(path)
    assert head[:4] == ["UID", "Read", "miRNA", "Variant"] and head[8:] == samples, head
    theirs = {f"{r[2]}|{r[3]}|{r[0]}": [int(v) for v in r[8:]] for r in rows}
    return [k for k in set(ours) | set(theirs) if ours.get(k) != theirs.get(k)]


assert not differences(counts_path), differences(counts_path)[:3]
print(f"ok mirtop counts: {len(ours)} isomiRs in {len(samples)} samples")
lines = open(counts_path).read().split("\n")
cells = lines[1].split("\t")
cells[8] = str(int(cells[8]) + 1)
with open("altered.tsv", "w") as f:
    f.write("\n".join([lines[0], "\t".join(cells), *lines[2:]]))
assert len(differences("altered.tsv")) == 1, "negative control: another count goes unnoticed"

# ---- stats: reads by type and by part of the variant ----
with open(stats_path) as f:
    told = {}  # the first row of a name: mirtop adds rows of 0 that repeat a name
    for r in csv.DictReader(f.readlines()[1:]):
        told.setdefault((r["sample"], r["category"]), float(r["counts"]))
want = {}
for name, values in ours.items():
    variant = name.split("|")[1]
    kinds = ["ref_miRNA"] if variant == "NA" else ["isomiR"] + [v.split(":")[0] for v in variant.split(",")]
    for s, v in zip(samples, values):
        for k in kinds if v else []:
            want[s, k + "_sum"] = want.get((s, k + "_sum"), 0) + v
told = {k: v for k, v in told.items() if k[1].endswith("_sum") and v}
assert want == told, {k: (want.get(k), told.get(k)) for k in set(want) | set(told) if want.get(k) != told.get(k)}
_, best = table(os.path.join(run, "mirna.best.tsv"))
for i, s in enumerate(samples):
    assert want[s, "ref_miRNA_sum"] + want[s, "isomiR_sum"] == sum(int(r[1 + i]) for r in best), s
print(f"ok mirtop stats: {len(want)} sums, together those of mirna.best.tsv")

# ---- sql ----
db = sqlite3.connect(database)
version, n = db.execute("SELECT version, records FROM summary").fetchone()
columns = [s.replace("-", "_") for s in samples]
sums = [db.execute(f"SELECT SUM(CAST({c} AS INTEGER)) FROM data_sets").fetchone()[0] for c in columns]
assert (version, n, sums) == ("1.2", len(ours), [sum(v[i] for v in ours.values()) for i in range(len(samples))])
print("ok mirtop sql")

# ---- validator, and the forms of the header ----
text = open(gff).read()


def judged(text):
    """Errors of the validator, and the version mirtop takes from it."""
    with open("form.gff3", "w") as f:
        f.write(text)
    return validator._check_file("form.gff3"), header.read_version("form.gff3")


def without(start):
    return "\n".join(line for line in text.split("\n") if not line.startswith(start))


class Warnings(logging.Handler):
    """How often the validator does not know the database of column 2."""
    n = 0

    def emit(self, record):
        self.n += "NOT STANDARD SOURCE" in record.getMessage()


def strangers(text):
    heard = Warnings(logging.WARNING)
    logging.getLogger().setLevel(logging.WARNING)
    validator.logger.addHandler(heard)
    judged(text)
    validator.logger.removeHandler(heard)
    logging.getLogger().setLevel(logging.CRITICAL)
    return heard.n


assert strangers(text) == 0
assert strangers(text.replace("\tmiRBasev22\t", "\texomir\t")) == len(ours)
print("ok the database of column 2 is known")

add5p = [k for k in ours if k.split("|")[1].startswith("iso_add5p") and "," not in k.split("|")[1]]
assert add5p, "no line to show what the validator does not know"
theirs, normative = "## mirGFF3. VERSION", "## VERSION:"
assert text.startswith(theirs + " 1.2\n" + normative + " 1.2\n")
assert judged(text) == (len(add5p), "1.2"), judged(text)
assert judged(without(normative)) == (len(add5p), "1.2")
assert judged(without(theirs)) == (len(add5p), ": 1.2")
print(f"ok validator: no error but the {len(add5p)} lines that are iso_add5p alone; both header forms")
bad = {"a header line": without("## TOOLS"), "a UID": text.replace("UID=iso-22-", "UID=iso-22-!", 1),
       "a type": text.replace("\tisomiR\t", "\tisomir\t", 1),
       "an expression": text.replace("; Filter", ",1; Filter", 1)}
for what, changed in bad.items():  # negative controls
    assert changed != text
    try:
        errors = judged(changed)[0]
    except (KeyError, IndexError):
        errors = len(add5p) + 1
    assert errors > len(add5p), f"the validator does not mind {what}"
