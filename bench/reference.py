"""The reference as the benchmarks see it: read from the FASTA and GFF3 files themselves.

Nothing here is shared with the program: names of entities, places of matures, names of
variants and the search for rival explanations are written from the formats' definitions.
"""
import collections
import gzip


# '_' and '.' are how tRNA databases write a base that is not known.
LETTERS = str.maketrans("U_.", "TNN")


def opened(path):
    return gzip.open(path, "rt") if path.endswith(".gz") else open(path)


def fasta(path):
    name, out = None, {}
    with opened(path) as f:
        for line in f:
            if line.startswith(">"):
                name = line[1:].split()[0]
                out[name] = ""
            else:
                out[name] += line.strip().upper().translate(LETTERS)
    return out


def attributes(text):
    """Column 9 of GFF3, in the two spellings that mirGFF3 files have."""
    parts = (x.strip() for x in text.rstrip().rstrip(";").split(";"))
    return dict(x.split("=", 1) if "=" in x else x.split(" ", 1) for x in parts if x)


def entities(matures):
    """name of a mature -> name of its entity (identical matures joined)."""
    by_seq = collections.defaultdict(list)
    for name, seq in matures.items():
        by_seq[seq].append(name)
    return {n: "/".join(sorted(v)) for v in by_seq.values() for n in v}


def places(gff, hairpins):
    """[(hairpin, start, length, mature name)] from miRBase GFF3."""
    primary, out = {}, []
    with opened(gff) as f:
        rows = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    for r in rows:
        a = attributes(r[8])
        if r[2] == "miRNA_primary_transcript":
            primary[a["ID"]] = (a["Name"], int(r[3]), int(r[4]), r[6])
    for r in rows:
        a = attributes(r[8])
        if r[2] != "miRNA":
            continue
        name, low, high, strand = primary[a["Derives_from"]]
        start = int(r[3]) - low if strand == "+" else high - int(r[4])
        if name in hairpins:
            out.append((name, start, int(r[4]) - int(r[3]) + 1, a["Name"]))
    return out


def with_cca(trnas):
    return {k: s if s.endswith("CCA") else s + "CCA" for k, s in trnas.items()}


class Reference:
    """Matures, hairpins, places and tRNAs of one species."""

    def __init__(self, folder, trna):
        self.mature = folder + "/fasta/hsa_matures_miRBase_v22.fa"
        self.hairpin = folder + "/fasta/hsa_hairpins_miRBase_v22.fa"
        self.gff = folder + "/coordinates/hsa_miRBase_v22.gff3"
        self.trna = trna
        self.entity = entities(fasta(self.mature))
        self.hairpins = fasta(self.hairpin)
        self.spots = places(self.gff, self.hairpins)
        self.trnas = with_cca(fasta(trna)) if trna else {}


# ---- mirGFF3 1.2 names ----

def region(position):
    """Name of a substitution at a 1-based position on the mature."""
    if 2 <= position <= 7:
        return "iso_snv_seed"
    if position == 8:
        return "iso_snv_central_offset"
    if 9 <= position <= 12:
        return "iso_snv_central"
    return "iso_snv_central_supp" if 13 <= position <= 17 else "iso_snv"


def variant(d5, d3, add5=0, tail=0, positions=()):
    parts = []
    if d5:
        parts.append(f"iso_5p:{d5:+d}")
    if add5:
        parts.append(f"iso_add5p:{add5}")
    parts += [region(p) for p in positions]
    if d3:
        parts.append(f"iso_3p:{d3:+d}")
    if tail:
        parts.append(f"iso_add3p:{tail}")
    return ",".join(parts) or "NA"


# ---- rival explanations ----

class Oracle:
    """Is a read's origin identifiable?  Mismatching bases are counted, whatever their kind:
    no costs, no windows of the program under test.  Places are found by exact 7-mers, so a
    rival of many scattered mismatches may be missed: then more reads are asked for."""

    K = 7

    def __init__(self, ref):
        self.ref = ref
        self.spots = collections.defaultdict(list)
        for hp, start, length, name in ref.spots:
            self.spots[hp].append((start, length, ref.entity[name]))
        self.seed = collections.defaultdict(list)
        for kind, seqs in (("h", ref.hairpins), ("o", ref.trnas)):
            for name, s in seqs.items():
                for i in range(len(s) - self.K + 1):
                    self.seed[s[i:i + self.K]].append((kind, name, i))
        self.known = {}

    def mismatches(self, read, template, start, most):
        out = []
        for i, c in enumerate(read):
            if not 0 <= start + i < len(template) or template[start + i] != c:
                out.append(i)
                if len(out) > most:
                    return None
        return tuple(out)

    def explanations(self, read, most):
        """{(what, 5' offset, 3' offset, mismatching positions)} of at most so many."""
        key = (read, most)
        if key in self.known:
            return self.known[key]
        seen, out = set(), set()
        for off in range(len(read) - self.K + 1):
            for kind, name, i in self.seed.get(read[off:off + self.K], ()):
                place = (kind, name, i - off)
                if place in seen:
                    continue
                seen.add(place)
                template = (self.ref.hairpins if kind == "h" else self.ref.trnas)[name]
                wrong = self.mismatches(read, template, i - off, most)
                if wrong is None:
                    continue
                out |= self.names(kind, name, i - off, len(read), wrong)
        self.known[key] = out
        return out

    def names(self, kind, name, start, n, wrong):
        out = set()
        for s, length, entity in self.spots[name] if kind == "h" else ():
            d5, d3 = start - s, start + n - (s + length)
            if abs(d5) <= 8 and abs(d3) <= 12:
                out.add((entity, d5, d3, wrong))
        return out or {(name, start, 0, wrong)}

    def identifiable(self, read, entity, most):
        """One way only to explain it with at most so many mismatches, and it is entity's."""
        e = self.explanations(read, most)
        return len(e) == 1 and next(iter(e))[0] == entity
