#!/usr/bin/env python3
"""Reads with known truth, made another way than 'exomir simulate reads' makes them.

usage: made_reads.py REFERENCE_DIR TRNA_FASTA REAL_FASTQ PREFIX [--seed N] [--reads N]

Model, learnt from a real library (TruSeq) by exact matching:
  expression   of each miRNA as counted there, times 2^N(0, 0.7) per seed
  ends         (5' offset, 3' offset) as seen there: per miRNA from 50 reads on, else pooled
  tails        the untemplated last 1-3 nt as seen there, at the rate seen there
  5' addition  0.3 % of reads
  variants     one miRNA in seven has an edited (A to G, 20 % of its reads) or a variant
               site (any base, half of its reads), anywhere between its ends, but none that
               brings it as near to another miRNA of the reference
  errors       by the real quality strings, at most 5 % a base
85 % miRNA, 10 % tRNA pieces (halves, 5' and 3' fragments, inner pieces; every twelfth with a
misread modified base), 5 % random inserts of 15-45 nt, rich in A and T.
PREFIX.fastq.gz, PREFIX.truth.tsv; names as of 'exomir simulate reads'.  A variant whose
name the format leaves open is called "undecided".
"""
import argparse
import collections
import gzip
import random

import reference

ADAPTER = "TGGAATTCTCGGGTGCCAAGG"
BEHIND = ADAPTER + "AACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTGAAAAAAAAAA"
SHORTEST, TAIL_MOST = 16, 3


class Profile:
    """What a real library shows."""

    def __init__(self, ref, fastq):
        self.ref = ref
        self.count = collections.Counter()
        self.ends = collections.defaultdict(collections.Counter)
        self.tails = collections.Counter()
        self.quals = []
        self.index = collections.defaultdict(list)
        for name, s in ref.hairpins.items():
            for i in range(len(s) - SHORTEST + 1):
                self.index[s[i:i + SHORTEST]].append((name, i))
        self.spots = collections.defaultdict(list)
        for hp, start, length, name in ref.spots:
            self.spots[hp].append((start, length, ref.entity[name]))
        inserts = collections.Counter()
        with reference.opened(fastq) as f:
            for i, line in enumerate(f):
                if i % 4 == 1:
                    at = line.find(ADAPTER[:12])
                    if at >= SHORTEST:
                        inserts[line[:at]] += 1
                elif i % 4 == 3:
                    self.quals.append(line.strip())
        for seq, n in inserts.items():
            self.learn(seq, n)
        self.pooled = collections.Counter()
        for e, ends in self.ends.items():
            if self.count[e] >= 50:
                for shape, n in ends.items():
                    self.pooled[shape] += n / self.count[e]
        self.tail_share = sum(self.tails.values()) / sum(self.count.values())

    def learn(self, seq, n):
        """Templated from its first base on, but for a tail of at most three?"""
        best, found = None, set()
        for hp, i in self.index.get(seq[:SHORTEST], ()):
            template, k = self.ref.hairpins[hp], SHORTEST
            while k < len(seq) and i + k < len(template) and template[i + k] == seq[k]:
                k += 1
            if len(seq) - k > TAIL_MOST or (best is not None and k < best):
                continue
            if best is None or k > best:
                best, found = k, set()
            for start, length, entity in self.spots[hp]:
                d5, d3 = i - start, i + k - start - length
                if abs(d5) <= 4 and -7 <= d3 <= 6:
                    found.add((entity, d5, d3))
        if len(found) != 1:
            return
        entity, d5, d3 = next(iter(found))
        self.count[entity] += n
        self.ends[entity][(d5, d3)] += n
        if best < len(seq):
            self.tails[seq[best:]] += n


class Draw:
    """A weighted choice."""

    def __init__(self, weights):
        self.items = list(weights)
        self.cumulative, total = [], 0.0
        for x in self.items:
            total += weights[x]
            self.cumulative.append(total)

    def __call__(self, rng):
        return rng.choices(self.items, cum_weights=self.cumulative)[0]


class Maker:
    def __init__(self, ref, profile, seed):
        self.ref, self.rng = ref, random.Random(seed)
        r = self.rng
        self.profile, self.tail_share = profile, profile.tail_share
        self.mirna = Draw({e: n * 2 ** r.gauss(0, 0.7)
                           for e, n in sorted(profile.count.items())})
        self.pooled = Draw(profile.pooled)
        self.own = {e: Draw(profile.ends[e]) for e in sorted(profile.count)
                    if profile.count[e] >= 50}
        self.tail = Draw(dict(sorted(profile.tails.items())))
        self.at = collections.defaultdict(list)
        for hp, start, length, name in ref.spots:
            self.at[ref.entity[name]].append((hp, start, length))
        self.site = {}
        for e in sorted(profile.count):
            if r.random() < 1 / 7:
                self.add_site(e)
        self.trna = Draw({k: 2 ** r.gauss(0, 2) for k in sorted(ref.trnas)})

    def add_site(self, entity):
        hp, start, length = self.at[entity][0]
        mature = self.ref.hairpins[hp][start:start + length]
        p = self.rng.randrange(1, length - 4)
        edited = mature[p] == "A"
        to = "G" if edited else self.rng.choice([b for b in "ACGT" if b != mature[p]])
        if not self.is_near_another(entity, (mature[:p] + to + mature[p + 1:])[1:-3]):
            self.site[entity] = (p, to, 0.2 if edited else 0.5)

    def is_near_another(self, entity, seq):
        """Does a hairpin without this miRNA hold seq with at most one mismatch?"""
        own, half = {hp for hp, _, _ in self.at[entity]}, len(seq) // 2
        for name, s in self.ref.hairpins.items():
            for part, off in ((seq[:half], 0), (seq[half:], half)):
                at = s.find(part)
                while name not in own and at >= 0:
                    window = s[max(at - off, 0):at - off + len(seq)]
                    if sum(a != b for a, b in zip(window, seq)) <= 1:
                        return True
                    at = s.find(part, at + 1)
        return False

    def substituted(self, entity, template, start, d5, length, d3):
        """(position on the mature, base) of at most one substitution inside the read."""
        r, (p, to, share) = self.rng, self.site.get(entity, (None, None, 0))
        if p is not None and r.random() < share:
            if d5 <= p < length + d3 and template[start + p] != to:
                return [(p, to)]
        if r.random() < 0.003:
            p = r.randrange(max(d5, 0), length + min(d3, 0))
            return [(p, r.choice([b for b in "ACGT" if b != template[start + p]]))]
        return []

    def mirna_read(self):
        """(entity, variant, insert)"""
        r = self.rng
        while True:
            entity = self.mirna(r)
            hp, start, length = r.choice(self.at[entity])
            template = self.ref.hairpins[hp]
            d5, d3 = self.own.get(entity, self.pooled)(r)
            low, high = start + d5, start + length + d3
            if low < 0 or high > len(template) or high - low < SHORTEST:
                continue
            seq = list(template[low:high])
            subs = self.substituted(entity, template, start, d5, length, d3)
            for p, base in subs:
                seq[p - d5] = base
            tail = self.tail(r) if r.random() < self.tail_share else ""
            add5 = r.choice("ACGT") if r.random() < 0.003 else ""
            insert = add5 + "".join(seq) + tail
            while tail and high < len(template) and template[high] == tail[0]:
                tail, high, d3 = tail[1:], high + 1, d3 + 1
            if add5 and low > 0 and template[low - 1] == add5:
                add5, low, d5 = "", low - 1, d5 - 1
            name = reference.variant(d5, d3, len(add5), len(tail), [p + 1 for p, _ in subs])
            # a changed base among the last three is a tail to some, a substitution to others
            if subs and subs[0][0] >= length + d3 + len(tail) - 3:
                name = "undecided"
            # an added base inside the mature is a substitution to some
            if add5 and d5 > 0:
                name = "undecided"
            return entity, name, insert

    def trna_read(self):
        r, name = self.rng, self.trna(self.rng)
        s, x = self.ref.trnas[name].replace("N", "A"), r.random()
        if x < 0.4:
            piece = s[:r.randint(28, 36)]
        elif x < 0.6:
            piece = s[:r.randint(16, 24)]
        elif x < 0.85:
            piece = s[-r.randint(16, 22):]
        else:
            n = r.randint(16, 30)
            at = r.randrange(len(s) - n)
            piece = s[at:at + n]
        if r.random() < 1 / 12:
            at = r.randrange(len(piece))
            piece = piece[:at] + r.choice("ACGT") + piece[at + 1:]
        return name, "fragment", piece

    def random_read(self):
        r = self.rng
        return "random", "NA", "".join(r.choices("ACGT", (3, 2, 2, 3), k=r.randint(15, 45)))

    def library(self, insert):
        """(what is sequenced, where in it the insert begins)"""
        return insert + BEHIND, 0

    def qualities(self):
        return self.rng.choice(self.profile.quals)

    def error_rate(self, quality):
        return min(10 ** (-quality / 10), 0.05)

    def sequenced(self, insert):
        """(read, qualities, errors inside the insert)"""
        r, qual = self.rng, self.qualities()
        strand, begin = self.library(insert)
        read, errors = list(strand[:len(qual)]), 0
        for i, q in enumerate(qual[:len(read)]):
            if r.random() < self.error_rate(ord(q) - 33):
                read[i] = r.choice([b for b in "ACGT" if b != read[i]])
                errors += begin <= i < begin + len(insert)
        return "".join(read), qual[:len(read)], errors

    def kinds(self, reads):
        """What each read is to be, shuffled."""
        kinds = ([self.mirna_read] * (reads * 85 // 100) + [self.trna_read] * (reads // 10))
        kinds += [self.random_read] * (reads - len(kinds))
        self.rng.shuffle(kinds)
        return kinds


def fastq(n, feature, variant, read, qual, errors):
    return f"@sim{n + 1}:{feature}:{variant} errors={errors}\n{read}\n+\n{qual}\n"


def write_truth(prefix, reads, molecules):
    with open(prefix + ".truth.tsv", "w") as f:
        f.write("feature\treads\tmolecules\n")
        for feature, n in sorted(reads.items()):
            f.write(f"{feature}\t{n}\t{molecules[feature]}\n")


def make(ref, profile, seed, reads, prefix):
    m = Maker(ref, profile, seed)
    truth = collections.Counter()
    with gzip.open(prefix + ".fastq.gz", "wt", compresslevel=1) as f:
        for n, kind in enumerate(m.kinds(reads)):
            feature, variant, insert = kind()
            read, qual, errors = m.sequenced(insert)
            truth[feature] += 1
            f.write(fastq(n, feature, variant, read, qual, errors))
    write_truth(prefix, truth, truth)


def main():
    p = argparse.ArgumentParser()
    for a in ("reference", "trna", "fastq", "prefix"):
        p.add_argument(a)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--reads", type=int, default=300000)
    a = p.parse_args()
    ref = reference.Reference(a.reference, a.trna)
    make(ref, Profile(ref, a.fastq), a.seed, a.reads, a.prefix)


if __name__ == "__main__":
    main()
