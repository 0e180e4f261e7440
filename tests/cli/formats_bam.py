"""Reads BAM files by the SAM specification and docs/formats.md alone.

usage: formats_bam.py FORMATS.md   (in the folder that formats.sh prepared)
"""
import gzip, os, re, struct, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import mdtable

tags = {r["tag"][:2]: (r["tag"][3], r["in"]) for r in mdtable.read(sys.argv[1], "bam tags")}


def table(path):
    with open(path) as f:
        return [line.rstrip("\n").split("\t") for line in f]


def read(path):
    with gzip.open(path) as f:  # BGZF is gzip of many members
        data = f.read()
    assert data[:4] == b"BAM\1"
    n, = struct.unpack_from("<i", data, 4)
    header, at = data[8:8 + n].rstrip(b"\0").decode(), 12 + n
    refs = []
    for _ in range(struct.unpack_from("<i", data, 8 + n)[0]):
        k, = struct.unpack_from("<i", data, at)
        refs.append((data[at + 4:at + 3 + k].decode(), struct.unpack_from("<i", data, at + 4 + k)[0]))
        at += 8 + k
    records = []
    while at < len(data):
        size, tid, pos, n_name, mapq, _, n_cigar, flag, n_seq, mate, mate_pos, isize = struct.unpack_from(
            "<iiiBBHHHiiii", data, at)
        end, p = at + 4 + size, at + 36
        r = {"name": data[p:p + n_name - 1].decode(), "tid": tid, "pos": pos, "mapq": mapq, "flag": flag}
        assert (mate, mate_pos, isize) == (-1, -1, 0)
        p += n_name
        r["cigar"] = [(c >> 4, "MIDNSHP=X"[c & 15]) for c in struct.unpack_from(f"<{n_cigar}I", data, p)]
        p += 4 * n_cigar
        r["seq"] = "".join("=ACMGRSVTWYHKDBN"[data[p + i // 2] >> (0 if i & 1 else 4) & 15] for i in range(n_seq))
        p += (n_seq + 1) // 2
        assert data[p:p + n_seq] == b"\xff" * n_seq
        p += n_seq
        while p < end:
            tag, kind = data[p:p + 2].decode(), chr(data[p + 2])
            p += 3
            if kind == "Z":
                stop = data.index(b"\0", p)
                value, p = data[p:stop].decode(), stop + 1
            else:
                form = {"c": "b", "C": "B", "s": "h", "S": "H", "i": "i", "I": "I"}[kind]
                value, = struct.unpack_from("<" + form, data, p)
                p, kind = p + struct.calcsize(form), "i"
            assert tag not in r and kind == tags[tag][0], tag
            r[tag] = value
        assert p == end
        at = end
        records.append(r)
    return header, refs, records


templates = {}
for path in ("hairpin.fa", "trna.fa"):
    for line in open(path):
        if line[0] == ">":
            name = line[1:].split()[0]
        else:
            templates[name] = line.strip()
head, *rows = table("mixed/coldata.tsv")
coldata = {r[0]: dict(zip(head, r)) for r in rows}
best = {(r[0], s): int(v) for h, *rows in [table("mixed/mirna.best.tsv")] for r in rows for s, v in zip(h[1:], r[1:])}
isomirs = {(r[0], s): int(v) for h, *rows in [table("mixed/isomir.counts.tsv")] for r in rows for s, v in zip(h[1:], r[1:])}
headers = set()
for sample, about in coldata.items():
    header, refs, records = read(f"mixed/bam/{sample}.bam")
    lines = header.rstrip("\n").split("\n")
    headers.add(tuple(line for line in lines if line.startswith("@SQ")))
    assert lines[0] == "@HD\tVN:1.6\tSO:coordinate" and f"@RG\tID:{sample}\tSM:{sample}" in lines
    assert re.search(r"^@PG\tID:exomir\tPN:exomir\tVN:\S+$", header, re.M) and "@CO\tcontent " + about["content"] in lines
    umi, order, seen = about["kit"] in ("qiaseq", "dplex"), [], set()
    for r in records:
        mapped = r["flag"] == 0
        want = {t for t, (_, where) in tags.items()
                if where == "all" or where == "mapped" and mapped
                or where == "samples with UMIs" and umi or where == "XM:i:1" and r.get("XM") == 1
                or where == "class miRNA" and r.get("XK") == "miRNA" or where == "NH above 1" and r.get("NH", 0) > 1}
        assert {k for k in r if k[0].isupper()} == want, (want, r)
        assert r["flag"] in (0, 4) and r["RG"] == sample and r["seq"] not in seen
        seen.add(r["seq"])
        order.append((r["tid"] & 0xffffffff, r["pos"], len(r["seq"]), r["seq"]))
        assert r["name"].startswith("iso-" if r.get("XK") == "miRNA" else "seq-")
        if not mapped:
            assert (r["tid"], r["pos"], r["mapq"], r["cigar"]) == (-1, -1, 0, [])
            continue
        assert r["HI"] == 1 and r["mapq"] == (60 if r["NH"] == 1 else {2: 3, 3: 2}.get(r["NH"], r["mapq"]))
        assert sum(n for n, _ in r["cigar"]) == len(r["seq"]) and "".join(o for _, o in r["cigar"]) in ("M", "SM", "MS", "SMS")
        front = r["cigar"][0][0] if r["cigar"][0][1] == "S" else 0
        core = next(n for n, o in r["cigar"] if o == "M")
        if (t := templates.get(refs[r["tid"]][0])) is not None:
            piece = (t if t.endswith("CCA") or refs[r["tid"]][0] not in ("tRNA-Exm-1",) else t + "CCA")[r["pos"]:r["pos"] + core]
            aligned = r["seq"][front:front + core]
            assert sum(a != b for a, b in zip(piece, aligned)) == r["NM"] and len(piece) == core, r
            built = []
            for n, b in re.findall(r"(\d+)([ACGT]?)", r["MD"]):
                built += aligned[len(built):len(built) + int(n)]
                built += b
            assert "".join(built) == piece, r
        if "XA" in r:
            assert r["XA"].count(";") == r["NH"] - 1 and re.fullmatch(r"([^,;]+,\+\d+,[0-9SM]+,\d+;)+", r["XA"])
        if "RX" in r:
            assert re.fullmatch("[ACGT]{10,12}", r["RX"]) and r["MI"] == r["name"] + "/" + r["RX"]
    assert order == sorted(order)
    assert sum(r["XC"] for r in records) == int(about["reads_kept"])
    assert not umi or sum(r["XM"] for r in records) == int(about["molecules"])
    count = "XM" if umi else "XC"
    for (feature, s), v in best.items():
        if s == sample:
            assert sum(r[count] for r in records if r.get("XF") == feature) == v, feature
    mine = {f"{r['XF']}|{r['XV']}|{r['name']}": r[count] for r in records if r.get("XK") == "miRNA" and r[count]}
    assert mine == {k.removesuffix("|polyA"): v for (k, s), v in isomirs.items() if s == sample and v}
    assert any(r["flag"] == 4 for r in records) and any(r.get("NH", 0) > 0 for r in records)
    print(f"ok {sample}: {len(records)} records")
assert len(headers) == 1, "the samples' headers differ"
print(f"ok {len(tags)} tags")
