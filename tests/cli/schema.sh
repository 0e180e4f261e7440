#!/bin/sh
# qc.json against docs/schemas/qc.schema.json.  usage: schema.sh EXOMIR SOURCE_FOLDER
. "${0%/*}/lib.sh"
source_folder=$2
python3 -c 'import jsonschema' 2> /dev/null || { echo "skipped: no python3-jsonschema"; exit 77; }
make_rich_ref
cd "$tmp"
expect 0 count -r rich.exoref -o run rich/truseq.fastq rich/qiaseq.fastq rich/trimmed.fa
expect 0 count -r rich.exoref -o one --no-adapter rich/trimmed.fa
printf '>r_x50\nGATTACAGATTACAGATTACA\n' > none.fa
expect 0 count -r rich.exoref -o none --no-adapter --allow-low-mirna none.fa
: > empty.fq
expect 0 count -r rich.exoref -o empty --no-adapter --allow-low-mirna --allow-empty empty.fq
python3 - "$source_folder/docs/schemas/qc.schema.json" run one none empty << 'END' > out 2> err || fail "schema"
import copy, json, sys
import jsonschema

schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
valid = jsonschema.Draft202012Validator(schema)
runs = {name: json.load(open(f"{name}/qc.json")) for name in sys.argv[2:]}


def sums(q):
    """What a schema cannot say."""
    for s in q["samples"]:
        assert sum(s["fates"].values()) == s["reads_in"], s["sample"]
        assert sum(s["kept"].values()) == s["fates"]["kept"], s["sample"]
        assert sum(c["reads"] for c in s["clades"]) == s["kept"]["foreign"], s["sample"]
        u = s["umis"]
        assert (u is None) == ("U12" not in s["layout"]), s["sample"]
        if u and u["found"]:
            assert u["seen_once"] + u["seen_twice"] + u["seen_more"] == u["found"] == s["molecules"], s["sample"]
            assert u["saturation"][-1] == {"reads": s["fates"]["kept"], "molecules": u["found"]}, u
        worst = {i["verdict"] for i in s["items"]}
        want = next(v for v in ("fail", "warn", "pass") if v in worst)
        assert s["verdict"] == want, s["sample"]
    assert [s["sample"] for s in q["samples"]] == sorted(s["sample"] for s in q["samples"])


for name, q in runs.items():
    valid.validate(q)
    sums(q)
one = {s["sample"]: s for s in runs["run"]["samples"]}["trimmed"]
assert one["clades"] == [{"clade": "nematodes:cel", "reads": 25}, {"clade": "insects:dme", "reads": 5}], one["clades"]
assert one["kept"] == {"miRNA": 430, "tRNA": 0, "spikes": 12, "artifact": 8, "hairpin": 30,
                       "unannotated": 90, "foreign": 30}, one["kept"]
items = [i for q in runs.values() for s in q["samples"] for i in s["items"]]
assert {i["verdict"] for i in items} == {"pass", "note", "warn", "fail", "na"}
for i in items:  # a limit to fail by lies at or beyond one that warns
    assert i["fail_low"] is None or i["fail_low"] <= i["low"], i["id"]
    assert i["fail_high"] is None or i["fail_high"] >= i["high"], i["id"]

# Negative controls: each change must be refused.
def changed(q, path, value):
    q = copy.deepcopy(q)
    at = q
    for k in path[:-1]:
        at = at[k]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return q


def refused(q):
    return not valid.is_valid(q)


good = runs["run"]
item = {i["id"]: k for k, i in enumerate(good["samples"][0]["items"])}
bad = [(["schema"], "exomir-qc-2"), (["use"], None), (["samples"], []), (["extra"], 1),
       (["samples", 0, "verdict"], "good"), (["samples", 0, "reads_in"], -1),
       (["samples", 0, "reads_in"], 1.5), (["samples", 0, "content"], "xyz"),
       (["samples", 0, "sample"], "a b"), (["samples", 0, "fates", "kept"], None),
       (["samples", 0, "fates", "lost"], 3), (["samples", 0, "kept", "miRNA"], "7"),
       (["samples", 0, "items", item["reads"], "verdict"], "na"),
       (["samples", 0, "items", item["reads"], "id"], "Reads"),
       (["samples", 0, "items", item["reads"], "unit"], "furlongs"),
       (["samples", 0, "items", item["excerpt_ratio"], "verdict"], "pass"),
       (["samples", 0, "items", item["mirna"], "fail_low"], None), (["samples", 0, "umis"], None),
       (["samples", 0, "umis", "found"], -1), (["samples", 0, "umis", "dedup"], "fuzzy")]
for path, value in bad:
    assert refused(changed(good, path, value)), (path, value)
print(f"{len(runs)} runs valid, {len(bad)} changes refused")
END
cases=$((cases + 20))
cat out
all_done
