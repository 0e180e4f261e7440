"""Running the peers (peers/*.sh) and reading their counts, in the way that favours them:
a read that a peer places on several miRNAs is split evenly between these."""
import collections
import glob
import os
import subprocess

import reference

HERE = os.path.dirname(os.path.abspath(__file__)) + "/peers/"


def run(cmd):
    subprocess.run(cmd, check=True, stdout=subprocess.DEVNULL)


def split(shares, counts):
    """{read: (reads, {entity})} added to counts."""
    for n, entities in shares.values():
        for e in entities:
            counts[e] += n / len(entities)
    return counts


def gff_reads(ref, path):
    """{read: (reads, {entity})} of a mirGFF3 file."""
    shares = {}
    with open(path) as f:
        for line in f:
            if line.startswith("#"):
                continue
            a = reference.attributes(line.split("\t")[8])
            n, found = shares.get(a["Read"], (0, set()))
            n = max(n, float(a.get("expression_OptimiR", a["Expression"])))
            shares[a["Read"]] = (n, found | {ref.entity.get(a["Name"], a["Name"])})
    return shares


def mirtop(ref, fastq, out):
    run(["sh", HERE + "mirtop.sh", fastq, ref.hairpin, ref.gff, out])
    return split(gff_reads(ref, out + "/mirtop/sample.gff"), collections.Counter())


def optimir(ref, fastq, out):
    run(["sh", HERE + "optimir.sh", fastq, ref.mature, ref.hairpin, ref.gff, out])
    counts = collections.Counter()
    with open(glob.glob(out + "/OptimiR_Results/miRs_merged*abundances*")[0]) as f:
        for line in f:
            c = line.split("\t")
            if c[0].startswith("hsa"):
                counts[ref.entity.get(c[0], c[0])] += float(c[1])
    return counts


def mature(ref, fastq, out):
    run(["sh", HERE + "mature_bowtie.sh", fastq, ref.mature, out])
    counts = collections.Counter()
    with open(out + "/counts.tsv") as f:
        for line in f:
            c = line.split("\t")
            if c[0] != "*":
                counts[ref.entity.get(c[0], c[0])] += int(c[2])
    return counts


def windows(ref, fastq, out):
    """bowtie -v 1 to the hairpins; a read from 3 nt before to 5 nt behind a mature is its."""
    run(["sh", HERE + "windows_bowtie.sh", fastq, ref.hairpin, out])
    spots = collections.defaultdict(list)
    for hp, start, length, name in ref.spots:
        spots[hp].append((start, length, ref.entity[name]))
    shares = {}
    with open(out + "/hairpin.sam") as f:
        for line in f:
            if line.startswith("@"):
                continue
            c = line.split("\t")
            at, n = int(c[3]) - 1, len(c[9])
            for start, length, entity in spots[c[2]]:
                if at >= start - 3 and at + n <= start + length + 5 and at < start + length:
                    reads = int(c[0].rsplit("_x", 1)[1])
                    shares.setdefault(c[0], (reads, set()))[1].add(entity)
    return split(shares, collections.Counter())


PEERS = {"mirtop": mirtop, "optimir": optimir, "mature": mature, "windows": windows}

TITLES = {"mirtop": "fastp + bowtie + mirtop", "optimir": "OptimiR",
          "mature": "fastp + bowtie, matures",
          "windows": "cutadapt + bowtie -v 1, windows -3/+5"}


def versions():
    out = []
    for package in ("cutadapt", "fastp", "bowtie", "mirtop", "optimir"):
        v = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                           capture_output=True, text=True, check=False).stdout
        out.append(f"{package} {v or 'absent'}")
    return ", ".join(out)
