#!/usr/bin/env python3
"""Counts and isomiR labels against simulated truth, beside the peers, in one run.

usage: accuracy.py EXOMIR REFERENCE_DIR TRNA_FASTA WORK_DIR [--seeds 1,2,3] [--peers mirtop,...]

REFERENCE_DIR holds fasta/ and coordinates/ of Debian's optimir package.  Prints a table:
  total %   counted miRNA reads / true miRNA reads
  WAPE %    sum |count - truth| / sum truth, over miRNAs, identical matures being one
  false     miRNAs with >= 5 reads of which none is true
  label %   reads without sequencing errors whose isomiR label is exactly the true one, among
            those that no other place in the reference explains at the same or lower cost
            (decided here from the reference alone, not by the program under test)
"""
import argparse, collections, gzip, os, subprocess, sys

COMP = str.maketrans("ACGT", "TGCA")


def fasta(path):
    name, out = None, {}
    for line in open(path):
        if line.startswith(">"):
            name = line[1:].split()[0]
            out[name] = ""
        else:
            out[name] += line.strip().upper().replace("U", "T")
    return out


def groups(matures):
    """name of a mature -> name of its entity (identical matures joined)."""
    by_seq = collections.defaultdict(list)
    for n, s in matures.items():
        by_seq[s].append(n)
    return {n: "/".join(sorted(v)) for v in by_seq.values() for n in v}


def places(gff, hairpins):
    """(hairpin, start, length, mature name) from miRBase GFF3."""
    hp, out = {}, []
    rows = [l.rstrip("\n").split("\t") for l in open(gff) if not l.startswith("#")]
    for r in rows:
        a = dict(x.split("=", 1) for x in r[8].split(";"))
        if r[2] == "miRNA_primary_transcript":
            hp[a["ID"]] = (a["Name"], int(r[3]), int(r[4]), r[6])
    for r in rows:
        a = dict(x.split("=", 1) for x in r[8].split(";"))
        if r[2] != "miRNA":
            continue
        name, lo, hi, strand = hp[a["Derives_from"]]
        start = int(r[3]) - lo if strand == "+" else hi - int(r[4])
        if name in hairpins:
            out.append((name, start, int(r[4]) - int(r[3]) + 1, a["Name"]))
    return out


def cost(read, template, start):
    """Cost of docs/methods/counting.md at a place; None if not allowed."""
    n = len(read)
    miss = [i for i in range(n)
            if not 0 <= start + i < len(template) or template[start + i] != read[i]]
    tail = 0
    late = [i for i in miss if i >= n - 3]
    if late:
        tail = n - late[0]
    subs = sum(1 for i in miss if i < n - tail)
    return None if subs > 2 else 10 * subs + 3 * tail


class Oracle:
    """Which matures explain a read, and at what cost: all places, no index tricks."""

    def __init__(self, hairpins, spots, others, entity):
        self.h, self.o = hairpins, others
        self.spots = collections.defaultdict(list)
        for hp, start, length, name in spots:
            self.spots[hp].append((start, length, entity[name]))
        self.seed = collections.defaultdict(list)
        for kind, seqs in (("h", hairpins), ("o", others)):
            for name, s in seqs.items():
                for i in range(len(s) - 6):
                    self.seed[s[i:i + 7]].append((kind, name, i))

    def rivals(self, read, feature, limit):
        """Another feature that explains the read at cost <= limit?"""
        seen = set()
        for off in range(0, len(read) - 6):
            for kind, name, i in self.seed.get(read[off:off + 7], ()):
                start = i - off
                if (kind, name, start) in seen:
                    continue
                seen.add((kind, name, start))
                c = cost(read, (self.h if kind == "h" else self.o)[name], start)
                if c is None or c > limit:
                    continue
                if kind == "o":
                    return True
                for s, length, ent in self.spots[name]:
                    if ent != feature and abs(start - s) <= 5 and \
                            -8 <= start + len(read) - (s + length) <= 9:
                        return True
        return False


def run(cmd, **kw):
    subprocess.run(cmd, check=True, stdout=subprocess.DEVNULL, **kw)


def measured(log, cmd):
    """Runs a command under time(1): (cpu seconds, peak MB)."""
    run(["/usr/bin/time", "-f", "%U %S %M", "-o", log] + cmd)
    u, s, m = open(log).read().split()[-3:]
    return float(u) + float(s), int(m) / 1024


def read_exomir(out):
    counts = {}
    for i, line in enumerate(open(out + "/mirna.counts.tsv")):
        if i:
            f = line.rstrip("\n").split("\t")
            counts[f[0]] = int(f[1])
    return counts


def read_mirtop(out, entity):
    seen, counts = set(), collections.Counter()
    for line in open(out + "/mirtop/sample.gff"):
        if line.startswith("#"):
            continue
        a = dict(x.strip().split(" ", 1) if "=" not in x else x.strip().split("=", 1)
                 for x in line.rstrip("\n").split("\t")[8].rstrip(";").split(";") if x.strip())
        key = (a.get("Read") or a["UID"], a["Name"])
        if key in seen:
            continue
        seen.add(key)
        counts[entity.get(a["Name"], a["Name"])] += int(a["Expression"])
    # a read that lies on several matures of one entity is one read of it: keys hold the mature
    return counts


def read_optimir(out, entity):
    counts = collections.Counter()
    for root, _, files in os.walk(out):
        for f in files:
            if "miRs_merged" in f and "abundances" in f:
                for line in open(os.path.join(root, f)):
                    c = line.split("\t")
                    if c[0].startswith("hsa"):
                        counts[entity.get(c[0], c[0])] += round(float(c[1]))
    return counts


def read_idxstats(path, entity):
    counts = collections.Counter()
    for line in open(path):
        c = line.split("\t")
        if c[0] != "*":
            counts[entity.get(c[0], c[0])] += int(c[2])
    return counts


def score(counts, truth):
    total = sum(truth.values())
    names = set(truth) | {k for k in counts if k.startswith("hsa")}
    wape = sum(abs(counts.get(k, 0) - truth.get(k, 0)) for k in names) / total
    false = sum(1 for k in names if counts.get(k, 0) >= 5 and truth.get(k, 0) == 0)
    return 100 * sum(counts.get(k, 0) for k in names) / total, 100 * wape, false


def truth_of(prefix, entities):
    out = {}
    for i, line in enumerate(open(prefix + ".truth.tsv")):
        f = line.rstrip("\n").split("\t")
        if i and f[0] in entities:
            out[f[0]] = int(f[1])
    return out


def labels(prefix, out, entities, oracle):
    """(identifiable reads, exact labels, what they were instead)."""
    ours = {}
    for line in open(out + "/mirna.gff3"):
        if line.startswith("#"):
            continue
        f = line.rstrip("\n").split("\t")
        a = dict(x.strip().split("=", 1) if "=" in x else x.strip().split(" ", 1)
                 for x in f[8].rstrip(";").split(";") if x.strip())
        ours[a["Read"]] = (a["Name"], a["Variant"])
    adapter, verdict = "TGGAATTCTCGG", {}
    n = exact = 0
    wrong = collections.Counter()
    with gzip.open(prefix + ".fastq.gz", "rt") as f:
        while True:
            name = f.readline()
            if not name:
                break
            seq = f.readline().strip()
            f.readline(), f.readline()
            head, errors = name.split()
            _, feature, variant = head.split(":", 2)
            at = seq.find(adapter)
            if errors != "errors=0" or feature not in entities or at < 16:
                continue
            key = (seq[:at], feature, variant)
            if key not in verdict:
                c = 10 * variant.count("iso_snv") + 10 * variant.count("iso_add5p")
                for part in variant.split(","):
                    if part.startswith("iso_add3p:"):
                        c += 3 * int(part.split(":")[1])
                verdict[key] = not oracle.rivals(seq[:at], feature, c)
            if not verdict[key]:
                continue
            n += 1
            got = ours.get(seq[:at])
            if got and got[1] == variant and got[0] in feature.split("/"):
                exact += 1
            else:
                wrong[(feature, variant, got)] += 1
    return n, exact, wrong


def main():
    p = argparse.ArgumentParser()
    p.add_argument("exomir"), p.add_argument("reference"), p.add_argument("trna")
    p.add_argument("work"), p.add_argument("--seeds", default="1,2,3")
    p.add_argument("--peers", default="mirtop,optimir,mature")
    p.add_argument("--reads", default="300000")
    a = p.parse_args()
    work = os.path.abspath(a.work)
    os.makedirs(work, exist_ok=True)
    here = os.path.dirname(os.path.abspath(__file__))
    ref = os.path.abspath(a.reference)
    mature = ref + "/fasta/hsa_matures_miRBase_v22.fa"
    hairpin = ref + "/fasta/hsa_hairpins_miRBase_v22.fa"
    gff = ref + "/coordinates/hsa_miRBase_v22.gff3"
    entity = groups(fasta(mature))
    entities = set(entity.values())
    hairpins = fasta(hairpin)
    trna = {k: (s if s.endswith("CCA") else s + "CCA") for k, s in fasta(a.trna).items()}
    oracle = Oracle(hairpins, places(gff, hairpins), trna, entity)
    bundle = work + "/bench.exoref"
    run([a.exomir, "ref", "build", "--mature", mature, "--hairpin", hairpin, "--gff", gff,
         "--species", "hsa", "--class", "tRNA=" + a.trna, "-o", bundle])
    print("| seed | program | total % | WAPE % | false >= 5 reads | CPU s | peak MB | label exact % |")
    print("|---|---|---|---|---|---|---|---|")
    bad = False
    for seed in a.seeds.split(","):
        prefix = f"{work}/s{seed}"
        run([a.exomir, "simulate", "reads", "-r", bundle, "--reads", a.reads, "--seed", seed,
             "-o", prefix, "-q"])
        truth = truth_of(prefix, entities)
        fq, log = prefix + ".fastq.gz", work + "/time.log"
        rows = []
        out = prefix + ".exomir"
        cpu, mem = measured(log, [a.exomir, "count", "-r", bundle, "-o", out, "-q", "-t", "2",
                                  "--skip", "report,multiqc", fq])
        n, exact, wrong = labels(prefix, out, entities, oracle)
        rows.append(("exomir", read_exomir(out), cpu, mem, f"{100 * exact / n:.2f} of {n}"))
        for key, count in wrong.most_common(5):
            print(f"    seed {seed}: {count} x {key}", file=sys.stderr)
        for peer in [x for x in a.peers.split(",") if x]:
            out = f"{prefix}.{peer}"
            if peer == "mirtop":
                cpu, mem = measured(log, ["sh", here + "/peers/mirtop.sh", fq, hairpin, gff, out])
                counts = read_mirtop(out, entity)
            elif peer == "optimir":
                cpu, mem = measured(log, ["sh", here + "/peers/optimir.sh", fq, mature, hairpin,
                                          gff, out])
                counts = read_optimir(out, entity)
            else:
                cpu, mem = measured(log, ["sh", here + "/peers/mature_bowtie.sh", fq, mature, out])
                counts = read_idxstats(out + "/counts.tsv", entity)
            rows.append((peer, counts, cpu, mem, ""))
        best = min(score(c, truth)[1] for name, c, *_ in rows if name != "exomir") \
            if len(rows) > 1 else float("inf")
        for name, counts, cpu, mem, label in rows:
            total, wape, false = score(counts, truth)
            print(f"| {seed} | {name} | {total:.2f} | {wape:.3f} | {false} | {cpu:.1f} | "
                  f"{mem:.0f} | {label} |", flush=True)
            if name == "exomir":
                bad |= abs(total - 100) > 0.3 or wape > min(best, 100) or false > 2
        bad |= exact < 0.99 * n
    print("\naccuracy targets: " + ("MISSED" if bad else "met"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
