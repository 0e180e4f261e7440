"""Reads every output by docs/formats.md alone and compares them with each other.

usage: formats.py EXOMIR FORMATS.md   (in the folder that formats.sh prepared)
"""
import hashlib, json, math, os, re, struct, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import mdtable

exomir, document = sys.argv[1:]


def table(path):
    with open(path) as f:
        return [line.rstrip("\n").split("\t") for line in f]


def counts(path):
    head, *rows = table(path)
    return {(r[0], s): int(v) for r in rows for s, v in zip(head[1:], r[1:])}


# ---- which files there are ----
files = mdtable.read(document, "files")
samples = {"mixed": ["D", "T", "U"], "plain": ["trimmed"], "slim": ["trimmed"]}
for run, names in samples.items():
    want = set()
    for r in files:
        if r["when"].startswith(("UMIs", "with --bam", "--editing")) and run != "mixed" or "unless --skip" in r["when"] and run == "slim":
            continue
        want |= {r["file"].replace("SAMPLE", s) for s in names}
    have = {os.path.relpath(os.path.join(d, f), run) for d, _, fs in os.walk(run) for f in fs}
    assert have == want, have ^ want
    with open(f"{run}/provenance.json") as f:
        provenance = json.load(f)
    assert {o["file"] for o in provenance["outputs"]} == have - {"provenance.json"}
    for o in provenance["outputs"]:
        data = open(f"{run}/{o['file']}", "rb").read()
        assert (o["bytes"], o["sha256"]) == (len(data), hashlib.sha256(data).hexdigest()), o
        assert b"\r\n" not in data or o["file"].endswith((".exr", ".bam", ".bai")), o
    keys = [k for r in mdtable.read(document, "provenance") for k in r["key"].split(", ")]
    assert list(provenance) == keys, list(provenance)
    told = {r["key"]: r["is"] for r in mdtable.read(document, "provenance")}
    for s in provenance["samples"]:
        assert set(s) | set(s["inputs"][0]) == set(re.findall(r"\w+", told["samples"])), s
        assert hashlib.sha256(s["parameters_json"].encode()).hexdigest() == s["parameters_sha256"]
        packed = open({"D": "rich/dplex.fastq", "T": "rich/truseq.fastq", "U": "rich/qiaseq.fastq",
                       "trimmed": "rich/trimmed.fa"}[s["sample"]], "rb").read()
        assert s["inputs"][0]["sha256"] == hashlib.sha256(packed).hexdigest()
print(f"ok {len(files)} files")

# ---- columns ----
for r in mdtable.read(document, "columns"):
    for run, names in samples.items():
        path = f"{run}/{r['file']}"
        if not os.path.exists(path):
            continue
        head, *rows = table(path)
        first = r["first columns"].split(", ")
        then = names if r["then"] == "samples" else ["batch", "site"] if r["then"] == "sheet" and run == "mixed" else []
        assert head == first + then, (path, head)
        assert all(len(x) == len(head) for x in rows), path
        if r["rows sorted by"] in ("name", "sample"):
            assert [x[0] for x in rows] == sorted({x[0] for x in rows}, key=str.encode), path
assert [r[-1] for r in table("mixed/coldata.tsv")[1:]] == ["south", "NA", "north"]
mirna = {k: counts(f"mixed/mirna.{k}.tsv") for k in ("counts", "unique", "best", "reads")}
assert len({tuple(m) for m in mirna.values()}) == 1, "the four tables have other rows"
assert all(mirna["counts"][k] == v for k, v in mirna["reads"].items() if k[1] == "T")
assert all(mirna["counts"][k] < v for k, v in mirna["reads"].items() if k[1] == "U" and v > 20)
print("ok columns")

# ---- records, by the table ----
def fields_of(rows):
    """[(name, type, [fields of the element])]"""
    out = []
    for r in rows:
        if "[]." not in r["field"]:
            out.append((r["field"], r["type"], []))
        else:
            parent, name = r["field"].split("[].")
            assert out[-1][0] == parent and out[-1][1] == "list", r
            out[-1][2].append((name, r["type"], []))
    return out


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        self.at += n
        assert self.at <= len(self.data)
        return self.data[self.at - n:self.at]

    def u(self):
        x = shift = 0
        while True:
            b = self.take(1)[0]
            x |= (b & 127) << shift
            shift += 7
            if b < 128:
                return x

    def value(self, kind, before, element, fields):
        if m := re.fullmatch(r"(\w+)\[(\d+)\]", kind):
            return [self.value(m[1], None, element, fields) for _ in range(int(m[2]))]
        if kind == "u":
            return self.u()
        if kind == "i":
            x = self.u()
            return -(x >> 1) - 1 if x & 1 else x >> 1
        if kind == "text":
            return self.take(self.u()).decode()
        if kind == "f64":
            return struct.unpack("<d", self.take(8))[0]
        if kind == "step":
            return (before + self.u()) % 2**32
        if kind == "subs":
            return [(self.u(), self.u()) for _ in range(element["n_sub"])]
        assert kind == "list", kind
        out, last = [], {}
        for _ in range(self.u()):
            last = self.fields(fields, last)
            out.append(last)
        return out

    def fields(self, fields, before=None):
        element = {}
        for name, kind, inner in fields:
            element[name] = self.value(kind, (before or {}).get(name, 0), element, inner)
        return element


def read_record(path, fields):
    data = open(path, "rb").read()
    assert data[:9] == b"EXMREC\r\n\x04" and hashlib.sha256(data[:-32]).digest() == data[-32:]
    r = Reader(data[9:-32])
    record = r.fields(fields)
    assert r.at == len(r.data), f"{path}: {len(r.data) - r.at} bytes are not explained"
    return record


def sequence(lo, hi):
    n = max(lo, hi).bit_length() - 1
    assert lo >> n == 1 and hi >> n == 0
    return "".join("ACTG"[(lo >> i & 1) | (hi >> i & 1) << 1] for i in range(n))


layout = fields_of(mdtable.read(document, "exr"))
records = {(run, s): read_record(f"{run}/records/{s}.exr", layout) for run in ("mixed", "plain") for s in samples[run]}
for (run, s), r in records.items():
    qc = {x["sample"]: x for x in json.load(open(f"{run}/qc.json"))["samples"]}[s]
    assert (r["sample"], r["kit"], r["layout"], r["content"], r["kit_evidence"]) == (
        s, qc["kit"], qc["layout"], qc["content"], qc["kit_evidence"])
    assert r["fates"] == list(qc["fates"].values()) and r["reads_in"] == qc["reads_in"] == sum(r["fates"])
    assert r["fates"][0] == r["annotated"] + r["unannotated"] + r["foreign"] == sum(r["len_kept"])
    assert sum(r["len_raw"]) == r["reads_in"] and sum(r["len_short"]) == r["fates"][1] + r["fates"][2]
    assert [c["name"] for c in r["classes"]] == ["miRNA", "tRNA", "spikes", "artifact", "hairpin"]
    assert [c["kind"] for c in r["classes"]] == [0, 1, 2, 3, 1]
    assert hashlib.sha256(r["params_json"].encode()).hexdigest() == r["params_sha256"]
    assert [[c["name"], c["reads"]] for c in r["clades"]] == [[c["clade"], c["reads"]] for c in qc["clades"]]
    told = {i["id"]: i for i in qc["items"]}["open_ends"]
    ends = [x["reads"] for x in r["isomirs"] if not x["n_tail"] and r["matures"][x["mature"]]["a_behind"] >> x["d3"] + 8 & 1]
    assert r["database"] == "miRBase v22" and (told["verdict"], bool(told["value"])) == (("note", True) if s == "D" else ("na", False))
    assert s != "D" or math.isclose(told["value"], 100 * sum(ends) / sum(x["reads"] for x in r["isomirs"]))
    mine = [f for f in r["features"] if r["classes"][f["class"]]["kind"] == 2]
    assert [x["name"] for x in r["spikes"]] == ["SP-1", "SP-2"] and [x["amount"] for x in r["spikes"]] == [12.5, 0.5]
    assert all(r["classes"][x["class"]]["name"] == "spikes" for x in r["spikes"])
    assert {x["name"]: x["count"] for x in r["spikes"] if any(x["count"])} == {f["name"]: f["em"] for f in mine if any(f["em"])}
    assert [x["count"][r["umi_len"] > 0] for x in r["spikes"]] == [x["count"] for x in qc["spikes"]["list"]]
    per = {}
    for t in r["traces"]:
        per[t["clade"]] = per.get(t["clade"], 0) + t["reads"]
    assert per == {c["name"]: c["reads"] for c in r["clades"]} and r["foreign_in_reference"] == 3
    assert math.isnan(r["error_rate"]) == (qc["items"][[i["id"] for i in qc["items"]].index("error_rate")]["value"] is None)
    which = 1 if r["umi_len"] else 0
    for c, k in enumerate(r["classes"]):
        mine = [f for f in r["features"] if f["class"] == c]
        assert k["em"] == [sum(f["em"][i] for f in mine) for i in (0, 1)]
        assert k["unambiguous"] == sum(f["unique"][0] for f in mine)
        best = sum(f["best"][0] for f in mine)
        assert best == k["unambiguous"] + k["shared_within"] + k["shared_between"] == sum(k["lengths"])
        assert qc["kept"][k["name"]] == k["em"][0] == counts(f"{run}/classes.counts.tsv")[k["name"], s]
    assert r["annotated"] == sum(c["em"][0] for c in r["classes"])
    for name, key in (("counts", "em"), ("unique", "unique"), ("best", "best")):
        mine = {f["name"]: f[key][which] for f in r["features"] if f["class"] == 0}
        assert mine == {m: v for (m, x), v in counts(f"{run}/mirna.{name}.tsv").items() if x == s and m in mine}, (s, name)
    ids = {}
    for x in r["isomirs"]:
        x["seq"], x["name"] = sequence(x["lo"], x["hi"]), r["matures"][x["mature"]]["name"]
        ids[x["name"], x["seq"]] = (x["reads"], x["reads"] - x["reads_less_molecules"])[which]
    order = [(x["feature"], len(x["seq"]), x["seq"]) for x in r["isomirs"]]
    assert order == sorted(set(order))
    per = {}
    for x in r["isomirs"]:
        per[x["feature"]] = per.get(x["feature"], 0) + x["reads"]
    assert per == {i: f["best"][0] for i, f in enumerate(r["features"]) if f["class"] == 0 and f["best"][0]}
    r["ids"] = ids
    long = {}
    for x in r["fragments"]:
        x["seq"] = sequence(x["lo"], x["hi"])
        long[x["type"]] = long.get(x["type"], 0) + x["reads"]
    assert {t: r["trf"][2 * t] for t in range(8) if r["trf"][2 * t]} == long, "all inserts here are short"
    assert sum(long.values()) == sum(f["best"][0] for f in r["features"] if r["classes"][f["class"]]["name"] == "tRNA")
    kinds = [x[0] for x in table(f"{run}/trna_types.counts.tsv")[1:]]
    assert list(qc["trna"]) == kinds and list(qc["trna"].values()) == r["trf"][::2]
    assert {k: v for (k, x), v in counts(f"{run}/trna_types.counts.tsv").items() if x == s} == dict(zip(kinds, r["trf"][which::2]))
    order = [(x["type"], x["feature"], len(x["seq"]), x["seq"]) for x in r["fragments"]]
    assert order == sorted(set(order))
    r["fragment ids"] = {f"{kinds[x['type']]}|{r['features'][x['feature']]['name']}": [] for x in r["fragments"]}
    for x in r["fragments"]:
        r["fragment ids"][f"{kinds[x['type']]}|{r['features'][x['feature']]['name']}"].append(
            (x["seq"], (x["reads"], x["reads"] - x["reads_less_molecules"])[which]))
assert any(x["subs"] for r in records.values() for x in r["isomirs"]) and any(
    x["d5"] < 0 for r in records.values() for x in r["isomirs"]) and records["plain", "trimmed"]["clades"]
print(f"ok {len(records)} records of {len(mdtable.read(document, 'exr'))} fields")

# ---- substitutions ----
def shown(v):
    return "NA" if math.isnan(v) else v


for name in ("a_to_i", "variants"):
    head, *rows = table(f"mixed/{name}.tsv")
    want = []
    for s in samples["mixed"]:
        r = records["mixed", s]
        assert r["editing"] == 1 and r["edit_sites"] > 0 and not math.isnan(r["control_rate"])
        for v in r["variants"]:
            if ((v["ref"], v["alt"]) == (0, 3)) != (name == "a_to_i"):
                continue
            level = v["count"] / v["total"]
            call = ("known" if v["known"] else "indistinct" if v["same_as"] else "-" if not v["fdr"] <= 0.05
                    else "low" if level < 0.01 else "edited" if name == "a_to_i" else "variant")
            bases = [] if name == "a_to_i" else ["ACTG"[v["ref"]], "ACTG"[v["alt"]]]
            want.append([s, r["features"][v["feature"]]["name"], v["position"], *bases, v["count"], v["total"], level,
                         shown(v["error_rate"]), shown(v["p"]), shown(v["fdr"]), call, v["known"] or "NA", v["same_as"] or "NA"])
    got = [[float(x) if k in ("position", "count", "edited", "total", "level", "error_rate", "p", "fdr") and x != "NA" else x
            for k, x in zip(head, row)] for row in rows]
    level = head.index("level")
    assert len(got) == len(want) > 3 and all(abs(g[level] - w[level]) < 5.1e-7 for g, w in zip(got, want))
    assert [g[:level] + g[level + 1:] for g in got] == [w[:level] + w[level + 1:] for w in want]
    known = [(row[1], row[2], row[head.index("known")]) for row in rows]
    assert all(k == (f"rs{position}" if m == "exm-miR-2-5p" else "NA") for m, position, k in known), known
    assert name == "a_to_i" or len({k for _, _, k in known}) > 1, "no read of a known variant"
assert all(r["editing"] == 0 and not r["variants"] and math.isnan(r["control_rate"]) for (run, _), r in records.items() if run == "plain")
print("ok substitutions")

# Negative control: with a field too many, too few or of another type nothing fits any more.
for bad in (layout[1:], layout[:20] + layout[21:], layout + [("more", "u", [])],
            [(n, "i" if n == "molecules" else k, f) for n, k, f in layout]):
    try:
        r = read_record("plain/records/trimmed.exr", bad)
        same = r["molecules"] == records["plain", "trimmed"]["molecules"] and len(bad) == len(layout)
    except (AssertionError, UnicodeDecodeError, KeyError):
        same = False
    assert not same, "another layout reads the record as well"
print("ok negative control")

# ---- isomiR table and mirGFF3 ----
def unpack_uid(uid):
    """MINTplates: two symbols for 5 nt; the rest by its length."""
    alphabet = "BD0EF1HI2JK3LM4NO5PQ6RS7UV8WX9YZ"
    prefix, n, code = uid.split("-")
    n = int(n)
    rest, out = n % 5, []
    whole = 2 * (n // 5)
    parts = [(code[i:i + 2], 5, 0) for i in range(0, whole, 2)]
    if rest:
        parts.append((code[whole:], rest, {1: 0, 2: 4, 3: 20, 4: 84}[rest]))
    for symbols, k, base in parts:
        v = 0
        for c in symbols:
            v = v * 32 + alphabet.index(c)
        v -= base
        out.append("".join("ACGT"[v >> 2 * (k - 1 - i) & 3] for i in range(k)))
    return prefix, "".join(out)


attributes = [r["attribute"] for r in mdtable.read(document, "gff attributes")]
gff_head = re.search(r"```\n(## mirGFF3.*?)```", open(document).read(), re.S)[1].split("\n")
hairpin = {}
for line in open("hairpin.fa"):
    if line[0] == ">":
        name = line[1:].split()[0]
    else:
        hairpin[name] = line.strip()
for run in ("mixed", "plain"):
    lines = open(f"{run}/mirna.gff3").read().rstrip("\n").split("\n")
    head = [x for x in lines if x.startswith("#")]
    want = [h.replace("sample1,sample2", ",".join(samples[run])) for h in gff_head if h]
    version = subprocess.run([exomir, "--version"], stdout=subprocess.PIPE, text=True).stdout.strip()
    assert head == [re.sub(r"exomir \S+$", version, h) for h in want], head
    seen, table_rows, opened, tails = {}, counts(f"{run}/isomir.counts.tsv"), 0, 0
    for line in lines[len(head):]:
        c = line.split("\t")
        a = dict(x.split("=", 1) for x in c[8].rstrip(";").split("; "))
        assert list(a) == attributes, list(a)
        assert c[0] == a["Parent"].split(",")[0] and c[1] == "miRBasev22" and c[5:8] == [".", "+", "."], c
        assert (c[2] == "ref_miRNA") == (a["Variant"] == "NA") and c[2] in ("ref_miRNA", "isomiR")
        assert unpack_uid(a["UID"]) == ("iso", a["Read"])
        values = [int(v) for v in a["Expression"].split(",")]
        start, end = int(c[3]), int(c[4])
        ops = re.findall(r"(\d*)([MIACGT])", a["Cigar"])
        template = hairpin[c[0]][start - 1:end]
        at = t = 0
        for n, op in ops:
            for _ in range(int(n or 1)):
                if op == "M":
                    assert a["Read"][at] == template[t], line
                elif op != "I":
                    assert op == template[t] != a["Read"][at], line
                at, t = at + 1, t + (op != "I")
        assert at == len(a["Read"]) and t == len(template), line
        # D is of a poly-A kit: open where the hairpin goes on with A and nothing was added.
        tails += "iso_add3p" in a["Variant"]
        is_open = ("D" in samples[run] and values[0] > 0 and "iso_add3p" not in a["Variant"]
                   and hairpin[c[0]][end:end + 1] == "A")
        opened += is_open
        assert a["Filter"] in (["Pass:polyA", "Pass:shared,polyA"] if is_open else ["Pass", "Pass:shared"]), line
        for s, v in zip(samples[run], values):
            if v:
                seen[a["Name"], a["Read"], s] = v
            assert table_rows[f"{a['Name']}|{a['Variant']}|{a['UID']}" + "|polyA" * is_open, s] == v, line
    assert len(table_rows) == len(samples[run]) * (len(lines) - len(head))
    assert (opened > 2) == ("D" in samples[run]) and tails and opened < len(lines) // 2, (opened, tails)
    assert seen == {(*k, s): v for (x, s), r in records.items() if x == run for k, v in r["ids"].items() if v}
print("ok isomiR table and mirGFF3")

for run in ("mixed", "plain"):
    got = {}
    for (key, s), v in counts(f"{run}/trna_fragments.counts.tsv").items():
        kind, feature, uid = key.split("|")
        prefix, seq = unpack_uid(uid)
        assert prefix == "tRF"
        if v:
            got.setdefault((s, f"{kind}|{feature}"), []).append((seq, v))
    assert got == {(s, k): v for (x, s), r in records.items() if x == run for k, f in r["fragment ids"].items()
                   if (v := [x for x in f if x[1]])}
print("ok tRNA fragments")

# ---- the bundle ----
data = open("rich.exoref", "rb").read()
for r in mdtable.read(document, "exoref header"):
    at = int(r["at"])
    if r["type"] == "u32":
        assert struct.unpack_from("<I", data, at)[0] == int(re.search(r"\d+$", r["is"])[0]), r
assert data[:8] == b"EXMREF\0\n" and struct.unpack_from("<QQ", data, 16) == (len(data), 0)
show = json.load(open("show.json"))
assert hashlib.sha256(data[64:]).digest() == data[32:64] == bytes.fromhex(show["sha256"])
section, end = {}, 0
formats = {"u32": "I", "u64": "Q", "f64": "d"}
rows = mdtable.read(document, "exoref")
for i, r in enumerate(rows):
    assert int(r["section"]) == i
    offset, size = struct.unpack_from("<QQ", data, 64 + 16 * i)
    assert offset % 8 == 0 and offset >= end and not any(data[end:offset]) or i == 0, r
    end = offset + size
    part = data[offset:end]
    if r["elements"].startswith("bytes"):
        section[r["name"]] = part
        continue
    names = [f.split() for f in r["elements"].split(", ")]
    element = struct.Struct("<" + "".join(formats[t] for t, _ in names))
    assert size % element.size == 0, r
    section[r["name"]] = [dict(zip((n for _, n in names), v)) for v in element.iter_unpack(part)]
assert len(data) - end < 8 and not any(data[end:])


def text(at):
    s = section["strings"]
    return s[at:s.index(b"\0", at)].decode()


def plane(name, p):
    return section[name][p >> 6]["bits"] >> (p & 63) & 1


def bases(p, n):
    return "".join("N" if plane("no", p + i) else "ACTG"[plane("lo", p + i) | plane("hi", p + i) << 1] for i in range(n))


meta, = section["meta"]
assert json.loads(section["provenance"].rstrip(b"\0")) == json.loads(show["provenance"])
assert [text(c["name"]) for c in section["classes"]] == [c["name"] for c in show["classes"]]
assert [c["kind"] for c in section["classes"]] == [0, 1, 2, 3]
assert [c["positions"] for c in section["classes"]] == [c["positions"] for c in show["classes"]]
templates, matures, entities = section["templates"], section["matures"], section["entities"]
known, at = {}, 64
for t in templates:
    assert t["start"] == at and not any(plane("no", p) == 0 for p in (at - 1, at + t["len"]))
    known[text(t["name"])] = bases(t["start"], t["len"])
    at += t["len"] + 1
assert meta["text_len"] == at - 1 + 64 and len(section["lo"]) == (meta["text_len"] + 63) // 64 + 2
assert all(known[h] == s for h, s in hairpin.items())
assert known["tRNA-Exm-1"].endswith("GGCTCCA") and known["tRNA-Exm-2"].endswith("TGCCA")
amount = {text(t["name"]): t["amount"] for t in templates}
assert amount["SP-1"] == 12.5 and amount["SP-2"] == 0.5 and math.isnan(amount["adapter-1"])
order = [(t["class_id"], text(t["name"]).encode()) for t in templates]
assert order == sorted(order)
assert [(m["template_id"], m["start"]) for m in matures] == sorted((m["template_id"], m["start"]) for m in matures)
for e, want in zip(entities, show["mirnas"]):
    ids = section["entity_matures"][e["first_mature_ref"]:e["first_mature_ref"] + e["n_mature_refs"]]
    places = []
    for i in ids:
        m = matures[i["mature"]]
        t = templates[m["template_id"]]
        assert bases(t["start"] + m["start"], m["len"]) == text(e["seq"]) and entities[m["entity"]] == e
        places.append(f"{text(t['name'])}:{m['start'] + 1}-{m['start'] + m['len']}")
    assert (text(e["name"]), text(e["seq"]), ",".join(places), text(e["aliases"])) == (
        want["name"], want["sequence"], want["places"], want["aliases"])
names = [(text(x["name"]).lower(), text(x["name"])) for x in section["lookup"]]
assert names == sorted(names) and {"exm-miR-1-5p", "exm-miR-3-5p"} <= {n for _, n in names}, names
for which, first, last in (("mirna", 0, 1), ("other", 1, len(section["classes"]))):
    off = [x["at"] for x in section["off_" + which]]
    k = next(k for k in range(8, 13) if 4**k + 1 == len(off))
    want = {}
    for t in templates:
        if first <= t["class_id"] < last:
            for p in range(t["start"], t["start"] + t["len"] - k + 1):
                code = sum(plane("lo", p + i) << i | plane("hi", p + i) << (k + i) for i in range(k))
                near = [plane(b, p + i) << bit for b, bit0 in (("lo", 0), ("hi", 16))
                        for bit, i in enumerate([*range(-8, 0), *range(k, k + 8)], bit0)]
                want.setdefault(code, []).append((p, sum(near)))
    got = [(x["position"], x["around"]) for x in section["places_" + which]]
    assert k == 8 and {c: got[off[c]:off[c + 1]] for c in want} == want and len(got) == sum(map(len, want.values()))
keys = [x["key"] for x in section["clade_keys"]]
assert keys == sorted(keys) and len(keys) == 9
labels = {}
for key, x in zip(keys, section["clade_mirnas"]):
    s = "".join("ACTG"[(key >> i & 1) | (key >> 20 + i & 1) << 1] for i in range(20))
    f = section["foreign"][x["foreign"]]
    labels.setdefault(text(section["clade_names"][f["label"]]["name"]), set()).add(s)
foreign = [(text(section["clade_names"][f["label"]]["name"]), f["group"], text(f["name"])) for f in section["foreign"]]
assert len({g for _, g, _ in foreign}) == len(foreign) == 3 and {n for _, _, n in foreign} == {
    "cel-miR-901", "cel-miR-902", "dme-miR-903"}, foreign
loci = [(text(x["chrom"]), x["low"], x["template_id"], x["minus"], x["zero"]) for x in section["loci"]]
assert loci == sorted(loci), loci
for chrom, low, t, minus, zero in loci:  # the genome of make_rich_ref's GFF3
    assert zero == 0 and (text(templates[t]["name"]), chrom, low, minus) in (
        ("exm-mir-1", "chr2", 1001, 0), ("exm-mir-2", "chr2", 2001, 1)), loci
assert len(loci) == 2
assert "CATGACCTTGCGTAAGCTTG" in labels["nematodes:cel"] and len(labels["insects:dme"]) == 3
print(f"ok bundle of {len(rows)} sections")

# ---- simulated reads ----
head, *rows = table("sim.truth.tsv")
assert head == [r["column"] for r in mdtable.read(document, "truth")]
reads, umis = {}, {}
lines = open("sim.fastq").read().rstrip("\n").split("\n")
for n, (name, seq, plus, qual) in enumerate(zip(*[iter(lines)] * 4), 1):
    m = re.fullmatch(r"@sim(\d+):([^:]+):(\S*) errors=(\d+)", name)
    feature = m[2]
    assert int(m[1]) == n and plus == "+" and len(seq) == len(qual), name
    reads[feature] = reads.get(feature, 0) + 1
assert {r[0]: int(r[1]) for r in rows} == reads, reads
assert all(0 < int(r[2]) <= int(r[1]) for r in rows) and any(int(r[2]) < int(r[1]) for r in rows)
assert {"random", "dimer", "exm-miR-3-5p"} <= set(reads)
print(f"ok truth of {n} reads")

# ---- sample sheet: each rule is enforced ----
def sheet(text):
    with open("s.csv", "w") as f:
        f.write(text)
    r = subprocess.run([exomir, "count", "--dry-run", "-r", "rich.exoref", "-o", "x", "--sheet", "s.csv"],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return r.returncode, r.stderr


base = {"sample": "A", "fastq_1": "rich/trimmed.fa", "fastq_2": "", "kit": "truseq",
        "collected": "2024-03-01T09:30+01:00", "input_volume_ml": "0.5", "batch": "b"}
told = mdtable.read(document, "sheet")
assert {r["column"] for r in told} == set(base) - {"batch"}


def rows_of(*dicts):
    keys = list(dicts[0])
    return "\n".join([",".join(keys)] + [",".join(d[k] for k in keys) for d in dicts]) + "\n"


assert sheet(rows_of(base))[0] == 0, sheet(rows_of(base))
for r in told:
    without = {k: v for k, v in base.items() if k != r["column"]}
    assert (sheet(rows_of(without))[0] == 0) == (r["needed"] == "no"), r
bad = {"sample": "a b", "fastq_1": "none.fq", "fastq_2": "x.fq", "kit": "nosuch", "collected": "2024-03-01",
       "input_volume_ml": "0"}
for k, v in bad.items():
    assert sheet(rows_of(base | {k: v}))[0] != 0, k
lanes = base | {"fastq_1": "rich/truseq.fastq"}
assert sheet(rows_of(base, lanes | {"batch": ""}))[0] == 0 and sheet(rows_of(base, lanes | {"batch": "c"}))[0] == 1
assert sheet(rows_of({"sample": "A", "fastq_1": "rich/trimmed.fa", "mirna": "1"}))[0] == 1
print(f"ok {len(told)} columns of the sheet")
