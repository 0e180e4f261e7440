#!/usr/bin/env python3
"""Makes reads of 51 nt from a FASTA: pieces of 17 to 38 nt from anywhere in it, a fifth of them with another base, and 3,000 of poly-A
with up to two other bases, before the TruSeq adapter.

usage: large_reads.py FASTA READS OUT.fastq
"""
import random, sys

ADAPTER, CYCLES = "TGGAATTCTCGGGTGCCAAGGAACTCCAGTCAC", 51


def put(out, name, insert):
    out.write(f"@{name}\n{(insert + ADAPTER + 'A' * CYCLES)[:CYCLES]}\n+\n{'I' * CYCLES}\n")


def main():
    fasta, n, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    r = random.Random(5)
    with open(fasta) as f:
        sequences = [line.strip() for line in f if line[0] != ">"]
    with open(path, "w") as out:
        for i, s in enumerate(r.choices(sequences, [len(s) for s in sequences], k=n)):
            length = r.randint(17, 38)
            if len(s) < length:
                continue
            at = r.randrange(len(s) - length + 1)
            x = s[at : at + length]
            if r.random() < 0.2:
                k = r.randrange(length)
                x = x[:k] + r.choice("ACGT") + x[k + 1 :]
            put(out, f"p{i}", x)
        for i in range(3000):
            x = list("A" * r.randint(17, 38))
            for _ in range(r.choice([0, 0, 1, 1, 2])):
                x[r.randrange(len(x))] = r.choice("CGT")
            put(out, f"a{i}", "".join(x))


if __name__ == "__main__":
    main()
