#!/usr/bin/env python3
"""Molecules counted by UMIs beside the truth, and beside a directional network in Python.

usage: umi.py EXOMIR REFERENCE_DIR WORK_DIR [--seeds 1,2,3] [--reads 300000]

REFERENCE_DIR holds fasta/ and coordinates/ of Debian's optimir package.  Libraries of two kits,
of 2.5 and 8 reads per molecule and of two sequencing error rates are simulated.  The network
(Smith, Heger & Sudbery 2017) works per miRNA on the UMIs as sequenced and is told each read's
true miRNA: what grouping by gene gives when mapping is perfect.  exomir is told nothing.
Exit 1 if exomir's total, without --umi-correct, is more than 1 % off at 0.001 errors per nt.
"""
import argparse, collections, gzip, os, subprocess, sys

import accuracy

LINKER = "AACTGTAGGCACCATCAAT"
LETTERS = 12


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def umi_of(kit, seq):
    """The 12 letters, or None where the linker is not found with 2 wrong bases at most."""
    if kit == "dplex":
        return seq[:LETTERS]
    at = seq.find(LINKER)
    if at < 0:
        at = next((i for i in range(len(seq) - len(LINKER) - LETTERS + 1)
                   if sum(a != b for a, b in zip(LINKER, seq[i:])) <= 2), -1)
    umi = seq[at + len(LINKER):][:LETTERS] if at >= 0 else ""
    return umi if len(umi) == LETTERS else None


def directional(reads):
    """Molecules of {UMI: reads} by the directional network."""
    taken, molecules = set(), 0
    for first in sorted(reads, key=lambda u: (-reads[u], u)):
        if first in taken:
            continue
        molecules += 1
        taken.add(first)
        open_ends = [first]
        while open_ends:
            a = open_ends.pop()
            near = (a[:i] + c + a[i + 1:] for i in range(LETTERS) for c in "ACGT" if c != a[i])
            for b in near:
                if b in reads and b not in taken and reads[a] >= 2 * reads[b] - 1:
                    taken.add(b)
                    open_ends.append(b)
    return molecules


def network(kit, fastq):
    """{miRNA: molecules}"""
    pairs = collections.defaultdict(collections.Counter)
    with gzip.open(fastq, "rt") as f:
        for name, seq, _, _ in zip(f, f, f, f):
            umi = umi_of(kit, seq.rstrip())
            if umi is not None and "N" not in umi:
                pairs[name.split(":")[1]][umi] += 1
    return {mirna: directional(umis) for mirna, umis in pairs.items() if mirna.startswith("hsa-")}


def measure(a, bundle, kit, share, errors, seed):
    """[(program, total %, WAPE %, false)]"""
    prefix = f"{a.work}/{kit}-{share}-{errors}-{seed}"
    run(a.exomir, "simulate", "reads", "-q", "-r", bundle, "-o", prefix, "--kit", kit, "--read-length", "76",
        "-n", a.reads, "--molecules-share", share, "--error-rate", errors, "--seed", seed)
    truth = {k: n for k, n in accuracy.read_counts(prefix + ".truth.tsv", 2).items() if k.startswith("hsa-")}
    rows = []
    for title, options in [("exomir", []), ("exomir, corrected", ["--umi-correct"]),
                           ("exomir, exact", ["--umi-dedup", "exact"])]:
        run(a.exomir, "count", "-q", "-r", bundle, "-o", prefix + ".out", "--kit", kit, "--skip",
            "report,multiqc,gff,isomirs", *options, prefix + ".fastq.gz")
        rows.append((title, accuracy.score(accuracy.read_counts(prefix + ".out/mirna.counts.tsv"), truth)))
    rows.append(("network, true miRNA", accuracy.score(network(kit, prefix + ".fastq.gz"), truth)))
    return rows


def main():
    p = argparse.ArgumentParser()
    p.add_argument("exomir"), p.add_argument("reference"), p.add_argument("work")
    p.add_argument("--seeds", default="1,2,3"), p.add_argument("--reads", default="300000")
    a = p.parse_args()
    os.makedirs(a.work, exist_ok=True)
    ref, bundle = os.path.abspath(a.reference), a.work + "/umi.exoref"
    run(a.exomir, "ref", "build", "-q", "--species", "hsa", "--mature", ref + "/fasta/hsa_matures_miRBase_v22.fa",
        "--hairpin", ref + "/fasta/hsa_hairpins_miRBase_v22.fa", "--gff", ref + "/coordinates/hsa_miRBase_v22.gff3", "-o", bundle)
    print("| kit | reads per molecule | errors per nt | program | total % | WAPE % | false |\n|---|---|---|---|---|---|---|")
    missed = 0
    for kit in ("qiaseq", "dplex"):
        for share, depth in (("0.4", "2.5"), ("0.125", "8")):
            for errors in ("0.001", "0.01"):
                seeds = [measure(a, bundle, kit, share, errors, s) for s in a.seeds.split(",")]
                for same in zip(*seeds):
                    total, wape, false = (sum(x) / len(seeds) for x in zip(*(score for _, score in same)))
                    print(f"| {kit} | {depth} | {errors} | {same[0][0]} | {total:.2f} | {wape:.2f} | {false:.1f} |", flush=True)
                    if same[0][0] == "exomir" and errors == "0.001":
                        missed += abs(total - 100) > 1
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
