#!/usr/bin/env python3
"""Where exomir and the peers count real reads differently, and which reads are why.

usage: differences.py EXOMIR REFERENCE_DIR TRNA_FASTA RRNA_FASTA WORK_DIR [--doc FILE] FASTQ...

Prints, for every file and peer, the ten largest differences (miRNA entities) as Markdown
tables; with --doc they replace what follows the line MARK of that file
(docs/methods/differences.md).  Reads with an N are left out for all three (OptimiR fails on
them).  Every read of a differing miRNA gets one cause:
  trimmed      the peer sees no such insert: it cuts, filters or corrects reads differently
  not counted  the peer saw the insert and counts it for no miRNA
  other class  exomir: another class of RNA explains it better
  refused      exomir: no explanation is good enough
  tie          several miRNAs explain it alike; who gets it is a rule of each program
  placed       each program prefers another miRNA
"""
import argparse
import collections
import glob
import json
import os
import subprocess

import peers
import reference

MARK = "<!-- tables of bench/differences.py -->\n"
TOP = 10
CAUSES = ("trimmed", "not counted", "other class", "refused", "tie", "placed")


def without_n(path, to):
    """A plain copy of a FASTQ file without the reads that hold an N."""
    with reference.opened(path) as f, open(to, "w") as out:
        while True:
            record = [f.readline() for _ in range(4)]
            if not record[0]:
                return
            if "N" not in record[1]:
                out.writelines(record)


def fastq_inserts(path):
    out = collections.Counter()
    with reference.opened(path) as f:
        for i, line in enumerate(f):
            if i % 4 == 1:
                out[line.strip()] += 1
    return out


class Exomir:
    """What exomir counted, read by read."""

    def __init__(self, program, ref, bundle, fastq, out):
        self.program, self.ref, self.bundle = program, ref, bundle
        peers.run([program, "count", "-q", "-r", bundle, "-o", out, "--skip",
                   "report,multiqc,isomirs", fastq])
        with open(out + "/qc.json") as f:
            self.adapter = json.load(f)["samples"][0]["layout"].split(",")[-1]
        with open(out + "/mirna.counts.tsv") as f:
            next(f)
            rows = (line.rstrip("\n").split("\t") for line in f)
            self.counts = {c[0]: int(c[1]) for c in rows}
        self.reads = peers.gff_reads(ref, out + "/mirna.gff3")
        with open(out + "/mirna.gff3") as f:
            rows = (reference.attributes(x.split("\t")[8]) for x in f if x[0] != "#")
            self.shared = {r["Read"] for r in rows if "shared" in r["Filter"]}
        trimmed = out + ".cutadapt.fastq"  # the same inserts: tests/ref/cutadapt_equal.sh
        peers.run(["cutadapt", "--quiet", "--no-indels", "-e", "0.1", "-O", "3", "-m", "16",
                   "-a", self.adapter, "-o", trimmed, fastq])
        self.inserts = fastq_inserts(trimmed)
        self.explained, self.tied_part = {}, {}

    def explain(self, seq):
        if seq not in self.explained:
            said = subprocess.run([self.program, "explain", "read", "--json", "-r",
                                   self.bundle, seq], capture_output=True, text=True,
                                  check=True).stdout
            self.explained[seq] = json.loads(said)
        return self.explained[seq]

    def tied(self, seq):
        """Features of least cost, miRNA or not."""
        return sorted({c["feature"] for c in self.explain(seq)["candidates"] if c["best"]})

    def share(self, seq, entity):
        """Reads of 'seq' that went to the entity.  Of tied reads the tables say only how many
        the EM gave it in all: each gets its part of these."""
        if seq not in self.reads or entity not in self.tied(seq):
            return 0.0
        if seq not in self.shared:
            return self.reads[seq][0]
        if entity not in self.tied_part:
            alone = sum(n for s, (n, found) in self.reads.items()
                        if entity in found and s not in self.shared)
            tied = sum(self.reads[s][0] for s in self.shared if entity in self.tied(s))
            got = min(max(self.counts.get(entity, 0) - alone, 0), tied)
            self.tied_part[entity] = got / tied
        return self.reads[seq][0] * self.tied_part[entity]


class Peer:
    """What a peer counted, read by read: {read: {entity: reads}}."""

    def __init__(self, name, ref, fastq, out, adapter):
        os.environ["ADAPTER"], os.environ["GFF_OUT"] = adapter, "1"
        self.counts = peers.PEERS[name](ref, fastq, out)
        self.reads = collections.defaultdict(dict)
        self.rejected = {}
        if name == "optimir":
            self.read_optimir(ref, out)
        else:
            self.inserts = fastq_inserts(out + "/t.fastq.gz")
            for seq, (n, found) in peers.gff_reads(ref, out + "/mirtop/sample.gff").items():
                for e in found:
                    self.reads[seq][e] = n / len(found)
        del os.environ["ADAPTER"], os.environ["GFF_OUT"]

    def read_optimir(self, ref, out):
        self.inserts = collections.Counter()
        with open(glob.glob(out + "/OptimiR_tmp/1_Collapsing/*.fq")[0]) as f:
            for i, line in enumerate(f):
                if i % 4 == 0:
                    n = int(line.rsplit("_", 1)[1])
                elif i % 4 == 1:
                    self.inserts[line.strip()] += n
        with open(glob.glob(out + "/OptimiR_Results/*.gff3")[0]) as f:
            for line in f:
                if line.startswith("#"):
                    continue
                a = reference.attributes(line.split("\t")[8])
                e = ref.entity.get(a["Name"], a["Name"])
                reads = self.reads[a["Read"]]
                reads[e] = reads.get(e, 0) + float(a["expression_OptimiR"])
                if a["Filter"] != "PASS":
                    self.rejected[a["Read"]] = a["Filter"]


def cause(ours, peer, seq, difference):
    """One of CAUSES for a read that is counted differently."""
    theirs = sum(peer.reads.get(seq, {}).values())
    if abs(ours.inserts.get(seq, 0) - peer.inserts.get(seq, 0)) >= abs(difference) / 2 and \
            (difference > 0) == (ours.inserts.get(seq, 0) > peer.inserts.get(seq, 0)):
        return "trimmed"
    if seq not in ours.reads:
        return "other class" if ours.explain(seq)["candidates"] else "refused"
    if len(ours.tied(seq)) > 1 or len(peer.reads.get(seq, {})) > 1:
        return "tie"
    return "placed" if theirs else "not counted"


def compare(ours, peer):
    """Rows: (miRNA, exomir, peer, {cause: reads}, example read, its cause)"""
    names = set(ours.counts) | set(peer.counts)
    gap = {k: ours.counts.get(k, 0) - peer.counts.get(k, 0) for k in names}
    for e in sorted(names, key=lambda k: (-abs(gap[k]), k))[:TOP]:
        seqs = {s for s, (_, found) in ours.reads.items() if e in found}
        seqs |= {s for s, found in peer.reads.items() if e in found}
        seqs |= {s for s in ours.shared if e in ours.tied(s)}
        causes, example = collections.Counter(), (0.0, "")
        for s in sorted(seqs):
            d = ours.share(s, e) - peer.reads.get(s, {}).get(e, 0)
            if abs(d) < 0.01:
                continue
            causes[cause(ours, peer, s, d)] += d
            if d * gap[e] > 0 and abs(d) > abs(example[0]):
                example = (d, s)
        yield e, ours.counts.get(e, 0), peer.counts.get(e, 0), causes, example


def in_words(ours, peer, seq):
    """What both programs make of the read that weighs most."""
    if not seq:
        return "-"
    said = ours.explain(seq)
    best = [c for c in said["candidates"] if c["best"]]
    if seq not in ours.inserts:
        us = "no such insert"
    elif not best:
        us = "unexplained"
    else:
        names = sorted({f"{c['feature']} {c['variant'] or ''}".strip() for c in best})
        us = f"{' or '.join(names[:2])}{' …' if len(names) > 2 else ''}, cost {best[0]['cost']}"
    found = peer.reads.get(seq, {})
    if found and sum(found.values()) > 0:
        them = " and ".join(f"{e} {n:.4g}" for e, n in sorted(found.items())[:2])
        them += " …" if len(found) > 2 else ""
    elif seq in peer.rejected:
        them = "rejected (" + peer.rejected[seq].split(",")[-1].lower() + ")"
    elif seq in peer.inserts:
        them = "not counted"
    else:
        them = "no such insert"
    n, m = ours.inserts.get(seq, 0), peer.inserts.get(seq, 0)
    return f"`{seq}` ({n}/{m}): {us} / {them}"


def table(ours, peer, title):
    total, theirs = sum(ours.counts.values()), sum(peer.counts.values())
    apart = sum(abs(ours.counts.get(k, 0) - peer.counts.get(k, 0))
                for k in set(ours.counts) | set(peer.counts))
    out = [f"\n### {title}\n",
           f"miRNA reads: exomir {total}, peer {theirs:.0f}; differences add up to "
           f"{100 * apart / total:.2f} %.\n",
           "| miRNA | exomir | peer | reads by cause | the read that weighs most "
           "(seen by exomir/peer): exomir / peer |", "|---|---|---|---|---|"]
    for e, us, them, causes, (_, seq) in compare(ours, peer):
        why = ", ".join(f"{c} {causes[c]:+.0f}" for c in CAUSES if abs(causes[c]) >= 0.5)
        out.append(f"| {e} | {us} | {them:.0f} | {why or 'rounding'} | "
                   f"{in_words(ours, peer, seq)} |")
    return "\n".join(out)


def main():
    p = argparse.ArgumentParser()
    for x in ("exomir", "reference", "trna", "rrna", "work"):
        p.add_argument(x)
    p.add_argument("--doc")
    p.add_argument("fastq", nargs="+")
    a = p.parse_args()
    tables = []
    work = os.path.abspath(a.work)
    os.makedirs(work, exist_ok=True)
    ref = reference.Reference(os.path.abspath(a.reference), None)
    bundle = work + "/differences.exoref"
    peers.run([a.exomir, "ref", "build", "-q", "--mature", ref.mature, "--hairpin",
               ref.hairpin, "--gff", ref.gff, "--species", "hsa", "--class",
               "tRNA=" + a.trna, "--class", "rRNA=" + a.rrna, "-o", bundle])
    for path in a.fastq:
        sample = os.path.basename(path).split(".")[0]
        plain = f"{work}/{sample}.fastq"
        without_n(path, plain)
        ours = Exomir(a.exomir, ref, bundle, plain, f"{work}/{sample}.exomir")
        for name in ("mirtop", "optimir"):
            peer = Peer(name, ref, plain, f"{work}/{sample}.{name}", ours.adapter)
            tables.append(table(ours, peer, f"{sample}: exomir and {peers.TITLES[name]}"))
            if not a.doc:
                print(tables[-1], flush=True)
    if a.doc:
        with open(a.doc) as f:
            prose = f.read().split(MARK)[0]
        with open(a.doc, "w") as f:
            f.write(prose + MARK + "\n".join(tables) + "\n")



if __name__ == "__main__":
    main()
