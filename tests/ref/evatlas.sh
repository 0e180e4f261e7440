#!/bin/sh
# evatlas.sh - the ranges of cargo in data/limits/ are those of the libraries they are taken from.
#
#     evatlas.sh SOURCE_FOLDER        EXM_SHARED: a folder that holds data/refs
#
# Exit: 0 as told, 1 not, 77 without the counts or python3.
counts=${EXM_SHARED:-none}/data/refs/evatlas_exosome_rna_class_counts.tsv
[ -r "$counts" ] && command -v python3 > /dev/null 2>&1 || {
    echo "skipped: EXM_SHARED names no class counts"
    exit 77
}
python3 - "$counts" "$1/data/limits" << 'END'
import csv, sys
classes = "miRNA piRNA pRNA rRNA scRNA snoRNA snRNA tRNA".split()
with open(sys.argv[1]) as f:
    rows = [{c: int(r[c]) for c in classes} for r in csv.DictReader(f, delimiter="\t")]


def quantile(name, p):
    v = sorted(100 * r[name] / sum(r.values()) for r in rows)
    h = (len(v) - 1) * p
    return v[int(h)] + (h - int(h)) * (v[min(int(h) + 1, len(v) - 1)] - v[int(h)])


assert len(rows) == 1444
assert [round(quantile(c, 0.5)) for c in ("miRNA", "rRNA", "tRNA")] == [22, 35, 6]
n = 0
for fluid in ("plasma", "serum", "urine", "saliva", "csf"):
    with open(f"{sys.argv[2]}/{fluid}.tsv") as f:
        table = csv.DictReader((line for line in f if line[0] != "#"), delimiter="\t")
        for r in table:
            if r["id"].startswith("cargo_"):
                name = {"mirna": "miRNA", "rrna": "rRNA", "trna": "tRNA"}[r["id"][6:]]
                want = [round(quantile(name, p), 1) for p in (0.05, 0.95)]
                assert [float(r["low"]), float(r["high"])] == want, (fluid, r, want)
                n += 1
assert n == 15
print("ok", n, "ranges")
END
