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
        worst = {i["verdict"] for i in s["items"]}
        want = "warn" if "warn" in worst else "pass"
        assert s["verdict"] == ("fail" if s["kept"]["miRNA"] == 0 else want), s["sample"]
    assert [s["sample"] for s in q["samples"]] == sorted(s["sample"] for s in q["samples"])


for name, q in runs.items():
    valid.validate(q)
    sums(q)
one = {s["sample"]: s for s in runs["run"]["samples"]}["trimmed"]
assert one["clades"] == [{"clade": "nematodes:cel", "reads": 25}, {"clade": "insects:dme", "reads": 5}], one["clades"]
assert one["kept"] == {"miRNA": 430, "tRNA": 0, "spikes": 12, "artifact": 8, "hairpin": 30,
                       "unannotated": 90, "foreign": 30}, one["kept"]
assert {s["verdict"] for q in runs.values() for s in q["samples"]} >= {"warn", "fail"}

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
       (["samples", 0, "items", item["excerpt_ratio"], "verdict"], "pass")]
for path, value in bad:
    assert refused(changed(good, path, value)), (path, value)
print(f"{len(runs)} runs valid, {len(bad)} changes refused")
END
cases=$((cases + 16))
cat out
all_done
