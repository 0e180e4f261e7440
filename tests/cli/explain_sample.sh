#!/bin/sh
# exomir explain sample: what it tells is what the run's files say.
. "${0%/*}/lib.sh"
make_rich_ref
cd "$tmp"
printf 'sample,fastq_1,kit,batch\nT,rich/truseq.fastq,truseq,b1\nU,rich/qiaseq.fastq,,b2\n' > sheet.csv
expect 0 count -q -r rich.exoref -o run --sheet sheet.csv
expect 0 count -q -r rich.exoref -o trimmed --no-adapter rich/trimmed.fa

for s in T U; do
    expect 0 explain sample run $s
    silent
    cp out told.$s
    for part in "$s: " 'Where the reads went' 'What the kept reads are' 'Kit' 'Checks: ' \
        'Commonest miRNAs' 'Shared reads' 'What else may stand behind' 'Research use only.'; do
        prints "$part"
    done
    [ "$(awk '{ if (length($0) > n) n = length($0) } END { print n }' out)" -le 130 ] || fail "lines are long"
    expect 0 explain sample run $s --json
    cp out told.$s.json
done
grep -q 'It was named, not inferred' told.T || fail "T's kit was named"
grep -q 'inferred from the reads' told.U || fail "U's kit was inferred"
grep -q 'molecules by their UMIs of 12 nt' told.U || fail "U has UMIs"
if grep -q 'molecules' told.T; then fail "T has none"; fi
expect 0 explain sample trimmed trimmed
prints 'Spike-ins'
prints 'Other species'
prints 'most like'
if command -v python3 > /dev/null 2>&1; then
    cases=$((cases + 1))
    python3 - << 'END' > told 2>&1 || { cat told >&2; fail "numbers differ"; }
import json
qc = {s["sample"]: s for s in json.load(open("run/qc.json"))["samples"]}
table = [line.rstrip("\n").split("\t") for line in open("run/mirna.reads.tsv")]
unique = {r[0]: r for r in (line.rstrip("\n").split("\t") for line in open("run/mirna.unique.tsv"))}
for k, s in enumerate(("T", "U"), 1):
    j, q, text = json.load(open(f"told.{s}.json")), qc[s], open(f"told.{s}").read()
    flat = " ".join(text.split())
    assert (j["sample"], j["verdict"], j["use"]) == (s, q["verdict"], "Research use only")
    assert {f["fate"]: f["reads"] for f in j["fates"]} == q["fates"] and j["kept"] == q["kept"]
    assert sum(f["reads"] for f in j["fates"]) == j["reads_in"] == q["reads_in"]
    assert (j["kit"]["name"], j["kit"]["layout"], j["kit"]["evidence"]) == (q["kit"], q["layout"], q["kit_evidence"])
    items = {i["id"]: i for i in q["items"]}
    assert {c["id"] for c in j["checks"]} == set(items)
    rank = ["fail", "warn", "note", "pass", "na"]
    order = [rank.index(c["verdict"]) for c in j["checks"]]
    assert order == sorted(order) and {"warn", "pass", "na"} <= {c["verdict"] for c in j["checks"]}
    for c in j["checks"]:
        assert all(c[x] == items[c["id"]][x] for x in c), c
        assert c["title"] in text
        if c["verdict"] != "pass":
            assert c["reason"] in flat, c["reason"]
    for n, v in ((f["reads"], f["fate"]) for f in j["fates"] if f["reads"]):
        assert f"{n:,} " in text and v in text
    want = sorted(((int(r[k]), r[0]) for r in table[1:] if int(r[k])), key=lambda x: (-x[0], x[1]))[:10]
    assert [(m["em"], m["mirna"]) for m in j["top"]] == want and want
    if s == "T":
        assert all(m["unique"] == int(unique[m["mirna"]][k]) for m in j["top"])
    assert j["shared"]["of"] == sum(v for c, v in q["kept"].items() if c not in ("unannotated", "foreign"))
    assert 0 <= j["shared"]["between_classes"] <= j["shared"]["reads"] <= j["shared"]["of"]
    confounders = {c["id"]: c for c in j["confounders"]}
    assert {"red_cells", "red_cell_mirnas", "other_species", "spike_ins", "artifacts", "commonest_inserts"} == set(confounders)
    kept = q["fates"]["kept"]
    assert abs(confounders["spike_ins"]["value"] - 100 * q["kept"]["spikes"] / kept) < 1e-9
    assert abs(confounders["other_species"]["value"] - 100 * q["kept"]["foreign"] / kept) < 1e-9
    assert abs(confounders["commonest_inserts"]["value"] - items["top5"]["value"]) < 1e-9
END
fi

# ---- what is refused ----
expect 1 explain sample run t
says "no sample 't' among its 2; there is 'T'"
expect 1 explain sample nowhere T
says 'not the folder of a complete run'
expect 2 explain sample T run/x
expect 2 explain sample run
expect 2 explain sample
cp -r run broken
rm broken/provenance.json
expect 1 explain sample broken T
says 'not the folder of a complete run'
cp run/provenance.json broken
cp run/records/U.exr broken/records/T.exr
expect 1 explain sample broken T
says 'broken/records/T.exr: changed since the run'
expect 0 explain sample broken U
sed 's/"warn"/"pass"/' run/qc.json > broken/qc.json
expect 1 explain sample broken U
says 'broken/qc.json: changed since the run'
rm broken/qc.json
expect 1 explain sample broken U
says 'qc.json'
cp trimmed/qc.json broken/qc.json
sha=$(sha256sum broken/qc.json | cut -d ' ' -f 1)
old=$(sha256sum run/qc.json | cut -d ' ' -f 1)
sed "s/$old/$sha/" run/provenance.json > broken/provenance.json
expect 1 explain sample broken U
says "broken/qc.json: no sample 'U'"
head -c 300 run/provenance.json > broken/provenance.json
expect 1 explain sample broken U
says 'damaged'
expect 1 explain sample --json broken U
is_json out
if [ -w /dev/full ]; then
    got=0
    "$exomir" explain sample run T > /dev/full 2> err || got=$?
    [ "$got" -eq 1 ] || fail "a full output: exit $got"
fi
all_done
