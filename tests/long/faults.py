#!/usr/bin/env python3
"""Every way in which the machine may fail an exomir command, one after the other.

usage: faults.py EXOMIR [--case NAME] [--every N] [--kills N] [--threads2]

Cases: bam (count of two samples with BAM), spill (the same with the table of unique inserts
on disk), umi (count of a UMI kit), stdin (count of reads from a pipe), again (count over the results of other samples), ref, simulate, explain, diff.

For each injected fault the program must exit with 0 and the whole right result, or with 1, a
message and no half result (a whole one where only the summary could not be printed); never by
a signal of its own, and with no temporary file left.  Each sweep must have made the program fail at
least once: a fault that never fires proves nothing; and the judge itself is first shown five
broken programs, all of which it must convict.  --every N tries each N-th allocation, and each
(N/5)-th system call, only.
"""
import argparse, gzip, hashlib, os, random, re, shutil, signal, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
HAIRPIN = """>exm-mir-1 MI0001
AGTAAACCTTTCCTCATGCAATTCAAAACCATTTTACGGAGGATATGTCCGTAATGTAGGCGAAATACCAAATT
>exm-mir-2 MI0002
CCCCCTTACCTCCTTATTCAGGACCTAACCTAAAAGCTGTTGCATGAGGTAAACCAGGTCTCTCCGCCTAGCCA
"""
MATURE = """>exm-miR-1-5p MIMAT0001
TTTCCTCATGCAATTCAAAACC
>exm-miR-2-5p MIMAT0002
CCTCCTTATTCAGGACCTAACC
"""


COUNTS = "feature\t" + "\t".join("s%d" % i for i in range(6)) + "\n" + "".join(
    "miR-%d\t%s\n" % (k, "\t".join(str(5 + (7 * k * (i + 3) + 11 * i * i) % 90 * (1 + k % 3))
                                    for i in range(6))) for k in range(12))
COLDATA = "sample\tgroup\n" + "".join("s%d\t%s\n" % (i, "ab"[i % 2]) for i in range(6))
CASES = {
    "bam": "count -q --bam -t {t} -r ref.exoref -o {out} s1.fastq.gz s2.fastq.gz",
    "spill": "count -q --bam -t {t} --max-memory 1 -r ref.exoref -o {out} s1.fastq.gz s2.fastq.gz",
    "umi": "count -q -t {t} -r ref.exoref --kit qiaseq -o {out} s2.fastq.gz",
    "stdin": "count -q -t {t} -r ref.exoref --sample x -o {out} -",
    "again": "count -q -t {t} -r ref.exoref -o {out} s2.fastq.gz",
    "ref": "ref build -q --mature mature.fa --hairpin hairpin.fa -o {out}/b.exoref",
    "simulate": "simulate reads -q -r ref.exoref -n 300 --mirnas 2 -o {out}/s",
    "explain": "explain read TTTCCTCATGCAATTCAAAACC -r ref.exoref",
    "diff": "diff -q --counts counts.tsv --coldata coldata.tsv --design ~group"
            " --contrast b-a -o {out}",
}


class Fault(Exception):
    pass


def fail(text):
    raise Fault(text)


class Bench:
    def __init__(self, exomir, every, case):
        self.exomir, self.every, self.case = os.path.abspath(exomir), every, case
        self.step = max(1, every // 5)
        self.dir = tempfile.mkdtemp()
        os.chdir(self.dir)
        for name, text in (("hairpin.fa", HAIRPIN), ("mature.fa", MATURE),
                           ("counts.tsv", COUNTS), ("coldata.tsv", COLDATA)):
            with open(name, "w") as f:
                f.write(text)
        self.must("ref", "build", "-q", "--mature", "mature.fa", "--hairpin", "hairpin.fa",
                  "-o", "ref.exoref")
        for i, kit in ((1, "truseq"), (2, "qiaseq")):
            self.must("simulate", "reads", "-q", "-r", "ref.exoref", "-n", "1500", "--kit", kit,
                      "--mirnas", "2", "--read-length", "76", "--seed", str(i), "-o", "s%d" % i)
        for lib in ("failalloc", "shortio"):
            subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", lib + ".so",
                            os.path.join(HERE, "..", "support", lib + ".c"), "-ldl"],
                           check=True)
        with open("s1.fastq", "wb") as f:
            f.write(gzip.open("s1.fastq.gz").read())
        self.old = None
        if case == "again":
            self.must("count", "-q", "--bam", "-r", "ref.exoref", "-o", "old", "s1.fastq.gz")
            self.printed = b""
            self.old = self.digest("old")
        code, err = self.count("want")
        if code != 0 or (self.old and os.path.exists("want/records/s1.exr")):
            fail("%s without a fault: exit %d: %s" % (case, code, err))
        self.want = self.digest("want")

    def must(self, *words):
        subprocess.run([self.exomir, *words], check=True, stdout=subprocess.DEVNULL)

    def command(self, out, threads):
        return [self.exomir, *(w.format(t=threads, out=out) for w in CASES[self.case].split())]

    def is_count(self):
        return CASES[self.case].startswith("count")

    def source(self):
        return open("s1.fastq" if self.case == "stdin" else os.devnull, "rb")

    def count(self, out, env=None, before=(), threads=1):
        shutil.rmtree(out, ignore_errors=True)
        if "{out}/" in CASES[self.case]:
            os.mkdir(out)
        if self.old:
            shutil.copytree("old", out)
        e = dict(os.environ, **(env or {}))
        with self.source() as reads:
            p = subprocess.run([*before, *self.command(out, threads)], env=e, stdin=reads,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.printed = b"" if "{out}" in CASES[self.case] else p.stdout
        return p.returncode, p.stderr.decode(errors="replace")

    def digest(self, out):
        h = hashlib.sha256(self.printed)
        for d, folders, files in os.walk(out):
            folders.sort()
            for f in sorted(files):
                with open(os.path.join(d, f), "rb") as x:
                    h.update(os.path.join(d, f)[len(out):].encode() + x.read())
        return h.hexdigest()

    def judge(self, what, code, err, out):
        """1 when the fault made the program fail."""
        files = [os.path.join(d, f) for d, _, fs in os.walk(out) for f in fs]
        if any(".tmp." in f for f in files):
            fail("%s: left %s, exit %d: %s" % (what, files, code, err[-300:]))
        if code == 0:
            if self.digest(out) != self.want:
                fail("%s: exit 0 with another result" % what)
            return 0
        if code != 1:
            fail("%s: exit %d: %s" % (what, code, err[-300:]))
        published = os.path.exists(os.path.join(out, "provenance.json")) or (
            "{out}/" in CASES[self.case] and files)
        if published and self.digest(out) not in (self.want, self.old):
            fail("%s: half a result: %s" % (what, " ".join(files)))
        if "error" not in err:
            fail("%s: exit 1 without a message: %s" % (what, err[-300:]))
        return 1

    def controls(self):
        """The judge sees what a broken program would do."""
        def half():
            os.makedirs("bad/records", exist_ok=True)
            for name in ("provenance.json", "half"):
                open("bad/" + name, "w").close()

        def temporary():
            os.makedirs("bad", exist_ok=True)
            open("bad/x.tmp.1.0", "w").close()

        for what, code, err, make in (("a signal", -signal.SIGSEGV, "", None),
                                      ("silent success", 0, "", half),
                                      ("half a result", 1, "error: x", half),
                                      ("a temporary file", 1, "error: x", temporary),
                                      ("no message", 1, "", None)):
            shutil.rmtree("bad", ignore_errors=True)
            if make:
                make()
            try:
                self.judge("control", code, err, "bad")
            except Fault:
                continue
            fail("the judge does not see %s" % what)
        shutil.rmtree("bad", ignore_errors=True)
        print("controls                                        5 broken programs convicted")

    def report(self, name, tries, failed):
        name = "%s: %s" % (self.case, name)
        print("%-48s %6d faults  %6d refused  0 signals  0 half results" % (name, tries, failed),
              flush=True)
        if failed == 0 and tries > 20:
            fail("%s: no fault ever fired" % name)

    def allocations(self, mode, threads):
        lib = os.path.join(self.dir, "failalloc.so")
        self.count("out", {"LD_PRELOAD": lib, "FA_LOG": "n"}, threads=threads)
        total = int(open("n").read())
        ks = range(1, total + 1, self.every)
        failed = 0
        for k in ks:
            code, err = self.count("out", {"LD_PRELOAD": lib, "FA_N": str(k), "FA_MODE": mode},
                                   threads=threads)
            failed += self.judge("allocation %d, %s, %d threads" % (k, mode, threads), code, err,
                                 "out")
        self.report("allocation fails (%s, -t %d)" % (mode, threads), len(ks), failed)

    def traced(self):
        return len(re.findall(r"^\d+ +\w+\(", open("trace").read(), re.M))

    def system_calls(self, calls, error, expected=True):
        trace = ["strace", "-f", "-qq", "-o", "trace", "-e", "trace=" + calls]
        subprocess.run([*trace, self.exomir, "--version"], stdout=subprocess.DEVNULL, check=True)
        loader = self.traced()
        self.count("out", before=trace)
        total = self.traced()
        # The loader's own calls come first, and it may die of them as it likes.
        ks = range(loader + 1 if calls == "mmap" else 1, total + 1, self.step)
        failed = 0
        for k in ks:
            inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + calls,
                      "-e", "inject=%s:%s:when=%d" % (calls, error, k)]
            code, err = self.count("out", before=inject)
            if code == 127 or "error while loading shared libraries" in err:
                continue  # the loader's own call, before main()
            failed += self.judge("%s %d: %s" % (calls, k, error), code, err, "out")
        if expected:
            self.report("%s: %s" % (calls.split(",")[0], error), len(ks), failed)
        else:
            print("%-48s %6d faults  %6d refused  (none need be)" %
                  ("%s: %s: %s" % (self.case, calls.split(",")[0], error), len(ks), failed))

    def short_io(self):
        lib = os.path.join(self.dir, "shortio.so")
        for most, every in ((1, 0), (7, 3), (4096, 2)):
            env = {"LD_PRELOAD": lib, "SI_MAX": str(most), "SI_EINTR": str(every)}
            code, err = self.count("out", env)
            if code != 0 or self.digest("out") != self.want:
                fail("short reads and writes (%d bytes): exit %d %s" % (most, code, err))
        print("%-48s      3 sizes   the same result" % (self.case + ": short reads and writes, EINTR"))

    def full_disk(self):
        os.mkdir("disk")
        if os.geteuid() != 0:
            return print("full disk: not root, left out")
        failed = tries = 0
        held = sum(-(-os.path.getsize(os.path.join(d, f)) // 4096) * 4 + 4
                   for d, _, fs in os.walk("old") for f in fs)  # which the earlier run takes
        for kib in (*range(held + 4, held + 400, 24), held + 4096):
            if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dk" % kib, "tmpfs",
                               "disk"]).returncode:
                return print("full disk: no mount here, left out")
            try:
                code, err = self.count("disk/out")
                failed += self.judge("a disk of %d KiB" % kib, code, err, "disk/out")
                tries += 1
            finally:
                subprocess.run(["umount", "disk"], check=True)
        self.report("full disk", tries, failed)

    def kills(self, n):
        random.seed(1)
        p = subprocess.Popen(self.command("out", 2), stdin=self.source(),
                             stdout=subprocess.DEVNULL)
        begin = time.time()
        p.wait()
        length = time.time() - begin
        killed = whole = 0
        for i in range(n):
            if i % 7 == 0:
                shutil.rmtree("out", ignore_errors=True)
            p = subprocess.Popen(self.command("out", 2), stdin=self.source(),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.random() * length * 1.1)
            p.kill()
            killed += p.wait() == -signal.SIGKILL
            if os.path.exists("out/provenance.json"):
                whole += 1
                names = re.findall(r'"file": "([^"]+)",\s+"bytes": (\d+),\s+"sha256": "(\w+)"',
                                   open("out/provenance.json").read())
                for name, size, sha in names:
                    path = os.path.join("out", name)
                    if not os.path.exists(path):
                        continue  # an input
                    if hashlib.sha256(open(path, "rb").read()).hexdigest() != sha:
                        fail("kill %d: %s is not what provenance.json says" % (i, name))
        self.count("out")
        code, err = self.count("out")
        if code != 0 or self.digest("out") != self.want:
            fail("after the kills: exit %d" % code)
        print("%-48s %6d runs    %d killed, %d times a whole result there, 0 half ones" %
              (self.case + ": kill -9", n, killed, whole))
        if n >= 200 and (killed < n // 4 or whole == 0):  # fewer may all miss by chance
            fail("kills: too few hit")


def sweep(b, a):
    b.controls()
    b.short_io()
    if b.is_count():
        b.full_disk()
    for mode in ("once", "from"):
        b.allocations(mode, 1)
    if a.threads2:  # which allocation is the k-th differs from run to run
        b.allocations("once", 2)
    if a.kills:
        b.kills(a.kills)
    if subprocess.run(["strace", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode:
        print("system calls: strace cannot trace here, left out")
        return
    for calls in ("openat", "read", "write", "fsync", "rename,renameat,renameat2", "mkdir,mkdirat",
                  "close", "mmap"):
        b.system_calls(calls, "error=EIO", calls != "close")
    if a.case == "spill":
        b.system_calls("pread64", "error=EIO")
    b.system_calls("write", "error=ENOSPC")
    b.system_calls("read,write,fsync,openat", "error=EINTR", False)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("exomir")
    a.add_argument("--case", choices=sorted(CASES), default="bam")
    a.add_argument("--every", type=int, default=1)
    a.add_argument("--kills", type=int, default=0)
    a.add_argument("--threads2", action="store_true")
    a = a.parse_args()
    b = None
    try:
        b = Bench(a.exomir, a.every, a.case)
        sweep(b, a)
    except Fault as f:
        print("FAIL: %s: %s" % (a.case, f))
        sys.exit(1)
    finally:
        os.chdir("/")
        if b:
            shutil.rmtree(b.dir)
    print("%s: all faults survived" % a.case)


main()
