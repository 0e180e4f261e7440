#!/usr/bin/env python3
"""A-to-I sites found in simulated reads: sensitivity and false discoveries by level and depth.

usage: editing.py EXOMIR REFERENCE_DIR WORK_DIR [--seeds 1,2,3] [--sites 150]

REFERENCE_DIR holds fasta/ and coordinates/ of Debian's optimir package.  For each level of
editing, depth and error rate a library is simulated in which so many adenosines of expressed
miRNAs are edited.  A site counts as findable where it has 10 reads or more and its edited
mature is no other miRNA ('indistinct'); sites below 1 % of reads are below what is called.
"""
import argparse, collections, os, subprocess, sys


def rows(path):
    with open(path) as f:
        head, *body = [line.rstrip("\n").split("\t") for line in f]
    return [dict(zip(head, r)) for r in body]


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def measure(a, bundle, name, options):
    prefix = f"{a.work}/{name}"
    run(a.exomir, "simulate", "reads", "-q", "-r", bundle, "-o", prefix, *options)
    run(a.exomir, "count", "-q", "-r", bundle, "-o", prefix + ".out", "--editing", "--skip",
        "report,multiqc,gff,isomirs", prefix + ".fastq.gz")
    truth = {(r["mirna"], r["position"]): r for r in rows(prefix + ".edits.tsv")} if "--edit-sites" in options else {}
    seen = {(r["mirna"], r["position"]): r for r in rows(prefix + ".out/a_to_i.tsv")}
    called = {k for k, r in seen.items() if r["call"] == "edited"}
    hidden = {k for k in truth if k in seen and seen[k]["call"] == "indistinct"}
    findable = {k for k, r in truth.items() if int(r["molecules"]) >= 10 and int(r["edited"]) > 0 and k not in hidden}
    deep = {k for k in findable if int(truth[k]["molecules"]) >= 500}
    error = [abs(float(seen[k]["level"]) - int(truth[k]["edited"]) / int(truth[k]["molecules"])) for k in called & deep]
    return collections.Counter(sites=len(truth), hidden=len(hidden), findable=len(findable), found=len(called & findable),
                               deep=len(deep), deep_found=len(called & deep), called=len(called),
                               false=len(called - set(truth)), error=sum(error), measured=len(error))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("exomir"), p.add_argument("reference"), p.add_argument("work")
    p.add_argument("--seeds", default="1,2,3"), p.add_argument("--sites", default="150")
    a = p.parse_args()
    os.makedirs(a.work, exist_ok=True)
    ref = os.path.abspath(a.reference)
    bundle = a.work + "/editing.exoref"
    run(a.exomir, "ref", "build", "-q", "--species", "hsa", "--mature", ref + "/fasta/hsa_matures_miRBase_v22.fa",
        "--hairpin", ref + "/fasta/hsa_hairpins_miRBase_v22.fa", "--gff", ref + "/coordinates/hsa_miRBase_v22.gff3", "-o", bundle)
    print("| level | reads | errors | sites | findable | found % | of 500 reads and more % | false | FDR % | mean error of level |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    worst = 0.0
    for level, reads, errors in [("0", "1000000", "0.001"), ("0", "1000000", "0.01"), ("0.02", "1000000", "0.001"),
                                 ("0.05", "1000000", "0.001"), ("0.1", "1000000", "0.001"), ("0.3", "1000000", "0.001"),
                                 ("0.1", "100000", "0.001"), ("0.1", "1000000", "0.01")]:
        total = collections.Counter()
        for seed in a.seeds.split(","):
            edit = ["--edit-sites", a.sites, "--edit-rate", level] if level != "0" else []
            total += measure(a, bundle, f"e{level}-{reads}-{errors}-{seed}", ["-n", reads, "--seed", seed, "--error-rate", errors, *edit])
        fdr = 100 * total["false"] / max(total["called"], 1)
        worst = max(worst, fdr if level != "0" else 0)
        share = lambda x, y: f"{100 * x / y:.1f}" if y else ""
        print(f"| {level} | {reads} | {errors} | {total['sites']} | {total['findable']} | {share(total['found'], total['findable'])} | "
              f"{share(total['deep_found'], total['deep'])} | {total['false']} | {fdr:.1f} | "
              f"{total['error'] / total['measured'] if total['measured'] else float('nan'):.4f} |", flush=True)
    print("\nediting targets: " + ("MISSED" if worst > 5 else "met"))
    return 1 if worst > 5 else 0


if __name__ == "__main__":
    sys.exit(main())
