#!/usr/bin/env python3
"""Makes FASTA files like those of lncRNA, mRNA and piRNA: as large, as repetitive.

usage: large_reference.py lncRNA|mRNA|piRNA OUT.fa [--nt 100000000] [--entries 30000] [--seed 1]

lncRNA, mRNA: genes of 2 to 12 exons of some 180 nt, each with 1 to 7 isoforms that leave exons
out, so three quarters of all text are there several times; in a tenth of the lncRNA exons a
repeat of 300 nt (5 families, 12 % divergence); half of the mRNAs end in 8 to 40 A.  piRNA: 26 to 31 nt, T first in 4 of 5, in
clusters of overlapping ones.
"""
import argparse, random

LETTERS = bytes(b"ACGT"[(x * 4) >> 8] for x in range(256))
GC_POOR = bytes(b"AAACCGGTTT"[x * 10 >> 8] for x in range(256))


def sequence(r, n, table=GC_POOR):
    return r.randbytes(n).translate(table)


def diverged(r, s, share):
    s = bytearray(s)
    for i in range(len(s)):
        if r.random() < share:
            s[i] = b"ACGT"[r.getrandbits(2)]
    return bytes(s)


def genes(out, r, nt, name, repeats):
    made = gene = 0
    families = [sequence(r, 300, LETTERS) for _ in range(5)]
    while made < nt:
        gene += 1
        exons = []
        for _ in range(r.randint(2, 12)):
            e = sequence(r, max(40, int(r.expovariate(1 / 180))) if repeats else r.randint(60, 400))
            if repeats and r.random() < 0.1:
                e += diverged(r, r.choice(families), 0.12)
            exons.append(e)
        for isoform in range(1, r.randint(1, 7) + 1):
            s = b"".join(e for e in exons if isoform == 1 or r.random() < 0.75) or exons[0]
            if not repeats and r.random() < 0.5:
                s += b"A" * r.randint(8, 40)
            out.write(b">%s%d.%d\n%s\n" % (name, gene, isoform, s))
            made += len(s)
            if made >= nt:
                break


def pirnas(out, r, entries):
    cluster = sequence(r, 400, LETTERS)
    for i in range(entries):
        if i % 20 == 0:
            cluster = sequence(r, 400, LETTERS)
        n = r.randint(26, 31)
        at = r.randrange(400 - n)
        s = cluster[at:at + n]
        if r.random() < 0.8:
            s = b"T" + s[1:]
        out.write(b">pi%d\n%s\n" % (i + 1, s))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("kind", choices=["lncRNA", "mRNA", "piRNA"]), p.add_argument("out")
    p.add_argument("--nt", type=int, default=100_000_000), p.add_argument("--entries", type=int, default=30_000)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    r = random.Random(a.seed)
    with open(a.out, "wb") as out:
        if a.kind == "piRNA":
            pirnas(out, r, a.entries)
        else:
            genes(out, r, a.nt, a.kind.encode(), a.kind == "lncRNA")


if __name__ == "__main__":
    main()
