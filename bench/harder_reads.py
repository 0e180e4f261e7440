"""Seven libraries harder than made_reads.py's own, from the same model of miRNA reads.

  background  40 % of reads are genome-like, of either strand: 70 % a Markov chain of order 5
              learnt from hairpins, tRNAs and rDNA with their reverse complements; 20 % pieces
              of rDNA, which the reference lacks; 10 % pieces of hairpins with 15 % of their
              bases changed, as diverged copies in a genome are
  errors      2 % substitutions in every sequenced base, whatever its quality says
  tails       half of the miRNA reads carry 1 to 4 untemplated bases, A or T nine times in ten
  4n          NNNN on both sides of the insert
  qiaseq      linker and a UMI of 12 nt; 3 reads a molecule on average (geometric)
  degraded    each miRNA read loses a geometric number of bases at both ends (mean 1 at 5', 2 at
              3'), down to 16 nt; a third of the library is short pieces of tRNA and rDNA
  foreign     1 % of reads from matures of another species that no human hairpin holds, not
              even with one substitution
"""
import collections
import gzip

import made_reads
import reference

LINKER = "AACTGTAGGCACCATCAAT"
QIASEQ_BEHIND = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACGATCTCGTATGCC"
SHORTEST = made_reads.SHORTEST
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def reverse_complement(seq):
    return seq.translate(COMPLEMENT)[::-1]


class Maker(made_reads.Maker):
    """Shares of the library, and what all sets have in common."""

    shares = (0.85, 0.10, 0.0)  # miRNA, tRNA, the set's own; the rest is random
    layout = ("TGGAATTCTCGG", 0, 0)
    kit = "truseq"
    amplified = False

    def __init__(self, ref, profile, seed, extra):
        super().__init__(ref, profile, seed)
        self.extra = extra

    def own_read(self):
        raise NotImplementedError

    def kinds(self, reads):
        n = [int(reads * share) for share in self.shares]
        kinds = [self.mirna_read] * n[0] + [self.trna_read] * n[1] + [self.own_read] * n[2]
        kinds += [self.random_read] * (reads - len(kinds))
        self.rng.shuffle(kinds)
        return kinds

    def piece(self, seq, least, most):
        n = self.rng.randint(least, most)
        at = self.rng.randrange(len(seq) - n + 1)
        return seq[at:at + n]


class Background(Maker):
    shares = (0.45, 0.10, 0.40)
    ORDER = 5

    def __init__(self, *args):
        super().__init__(*args)
        self.next = collections.defaultdict(collections.Counter)
        sources = [*self.ref.hairpins.values(), *self.ref.trnas.values(), self.extra.rdna]
        for s in sources:
            for strand in (s, reverse_complement(s)):
                for i in range(len(strand) - self.ORDER):
                    if "N" not in strand[i:i + self.ORDER + 1]:
                        self.next[strand[i:i + self.ORDER]][strand[i + self.ORDER]] += 1
        starts = {k: sum(v.values()) for k, v in sorted(self.next.items())}
        self.start = made_reads.Draw(starts)
        self.step = {k: made_reads.Draw(dict(sorted(v.items()))) for k, v in self.next.items()}
        self.hairpin_names = sorted(self.ref.hairpins)

    def chain(self):
        r, n = self.rng, self.rng.randint(SHORTEST, 40)
        s = self.start(r)
        while len(s) < n:
            step = self.step.get(s[-self.ORDER:])
            s += step(r) if step else self.start(r)
        return s[:n]

    def own_read(self):
        r, x = self.rng, self.rng.random()
        if x < 0.7:
            s = self.chain()
        elif x < 0.9:
            s = self.piece(self.extra.rdna, SHORTEST, 40)
        else:
            hairpin = self.ref.hairpins[r.choice(self.hairpin_names)]
            s = "".join(r.choice([b for b in "ACGT" if b != c]) if r.random() < 0.15 else c
                        for c in self.piece(hairpin, 18, 30))
        return "background", "NA", reverse_complement(s) if r.random() < 0.5 else s


class Errors(Maker):
    def error_rate(self, quality):
        return max(0.02, super().error_rate(quality))


class Tails(Maker):
    def __init__(self, *args):
        super().__init__(*args)
        self.tail_share = 0.5
        self.tail = self.heavy_tail

    def heavy_tail(self, r):
        n = r.choices((1, 2, 3, 4), (50, 25, 15, 10))[0]
        return "".join(r.choices("ATCG", (50, 40, 5, 5), k=n))


class Random4(Maker):
    layout = ("TGGAATTCTCGG", 4, 4)
    kit = "nextflex-v3"

    def library(self, insert):
        x = "".join(self.rng.choices("ACGT", k=8))
        return x[:4] + insert + x[4:] + made_reads.BEHIND, 4


class Qiaseq(Maker):
    layout = (LINKER[:12], 0, 0)
    kit = "qiaseq"
    amplified = True

    def library(self, insert):
        return insert + LINKER + self.umi + QIASEQ_BEHIND, 0

    def qualities(self):
        """75 cycles from two reads of fewer."""
        return (super().qualities() + super().qualities())[:75]


class Degraded(Maker):
    shares = (0.60, 0.15, 0.20)

    def cut(self, mean):
        n = 0
        while self.rng.random() < mean / (1 + mean):
            n += 1
        return n

    def mirna_read(self):
        """A shortened read keeps its miRNA; its name is not derived anew."""
        while True:
            entity, name, insert = super().mirna_read()
            low, high = self.cut(1), self.cut(2)
            if len(insert) - low - high >= SHORTEST:
                whole = low == 0 and high == 0
                return entity, name if whole else "undecided", insert[low:len(insert) - high]

    def own_read(self):
        return "background", "NA", self.piece(self.extra.rdna, SHORTEST, 30)

    def trna_read(self):
        name, variant, piece = super().trna_read()
        return name, variant, self.piece(piece, SHORTEST, min(len(piece), 24))


class Foreign(Maker):
    shares = (0.84, 0.10, 0.01)

    def __init__(self, *args):
        super().__init__(*args)
        self.at.setdefault("", [])
        mine = self.extra.matures(self.extra.species)
        if self.extra.only_distinct:
            mine = [s for s in mine if not self.is_near_another("", s)]
        self.stranger = made_reads.Draw({s: 2 ** self.rng.gauss(0, 2) for s in mine})

    def own_read(self):
        s, cut = self.stranger(self.rng), self.rng.choice((0, 0, 0, 1, 2))
        return "foreign", "NA", s[:len(s) - cut]


SETS = {"background": Background, "errors": Errors, "tails": Tails, "4n": Random4,
        "qiaseq": Qiaseq, "degraded": Degraded, "foreign": Foreign}


class Extra:
    """What is not of the human reference: rDNA, and the matures of other species."""

    def __init__(self, rdna, matures, species="mmu", only_distinct=True):
        self.rdna = "".join(reference.fasta(rdna).values()).replace("N", "")
        self.all = reference.fasta(matures)
        self.species, self.only_distinct = species, only_distinct

    def matures(self, species):
        return sorted({s for k, s in self.all.items()
                       if k.startswith(species + "-") and len(s) >= 18 and "N" not in s})


def copies(maker, left):
    """Reads of one molecule."""
    n = 1
    while maker.amplified and n < left and maker.rng.random() < 2 / 3:
        n += 1
    return n


def make(maker, reads, prefix):
    """PREFIX.fastq.gz, PREFIX.truth.tsv, and PREFIX.rest.fastq.gz: the reads of no miRNA."""
    truth, molecules, n = collections.Counter(), collections.Counter(), 0
    mirnas = set(maker.ref.entity.values())
    with gzip.open(prefix + ".fastq.gz", "wt", compresslevel=1) as f, \
            gzip.open(prefix + ".rest.fastq.gz", "wt", compresslevel=1) as rest:
        for kind in maker.kinds(reads):
            if n == reads:
                break
            feature, variant, insert = kind()
            maker.umi = "".join(maker.rng.choices("ACGT", k=12)) if maker.amplified else ""
            molecules[feature] += 1
            for _ in range(copies(maker, reads - n)):
                record = made_reads.fastq(n, feature, variant, *maker.sequenced(insert))
                f.write(record)
                if feature not in mirnas:
                    rest.write(record)
                truth[feature] += 1
                n += 1
    made_reads.write_truth(prefix, truth, molecules)
    return sum(v for k, v in truth.items() if k not in mirnas)
