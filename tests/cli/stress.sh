#!/bin/sh
# Full and closed outputs, broken pipes, signals, other locales.
. "${0%/*}/lib.sh"
make_ref
cd "$tmp"
expect 0 simulate reads -r ref.exoref -n 2000 --mirnas 3 -o s1

# ---- standard output is full, closed, or a pipe that nobody reads ----
try() { # what, exit code
    cases=$((cases + 1))
    [ "$2" -eq 1 ] || fail "$1: exit $2, not 1"
    grep -q 'error: ' err || fail "$1: no message"
}
for c in --version --help 'count --help' 'man count' 'completion bash' 'doctor' \
    'ref show ref.exoref' 'simulate reads -r ref.exoref -n 50 --truth t.tsv -o -' \
    'count -r ref.exoref -o full s1.fastq.gz'; do
    if [ -w /dev/full ]; then
        got=0
        # shellcheck disable=SC2086
        "$exomir" $c > /dev/full 2> err || got=$?
        try "$c > /dev/full" $got
    fi
    got=0
    # shellcheck disable=SC2086
    "$exomir" $c >&- 2> err || got=$?
    try "$c >&-" $got
done
got=0
{ "$exomir" simulate reads -r ref.exoref -n 20000 --truth t.tsv -o - 2> err || echo $? > code; } | head -n 1 > out
try 'a pipe that closes' "$(cat code)"
got=0
"$exomir" doctor 2>&- > out || got=$? # closed standard error is no failure
[ "$got" -eq 0 ] || fail "2>&-: exit $got"

# ---- a disk that fills up: nothing is published, nothing is left ----
if (ulimit -f 2) 2> /dev/null; then
    mkdir small
    got=0
    (
        trap '' XFSZ
        ulimit -f 2
        exec "$exomir" count -r ref.exoref -o small/run s1.fastq.gz > /dev/null 2> small/err
    ) || got=$?
    cases=$((cases + 1))
    [ "$got" -eq 1 ] || fail "a full disk: exit $got, not 1"
    [ ! -e small/run/provenance.json ] || fail "a full disk: provenance was written"
    [ -z "$(find small/run -type f 2> /dev/null)" ] || fail "a full disk: files were left"
fi

# ---- signals: no temporary files stay, and the exit tells the signal ----
for sig in TERM INT; do
    mkfifo "pipe$sig"
    # A subshell with INT at its default: background jobs of sh would ignore it.
    if command -v python3 > /dev/null 2>&1; then
        python3 - "$exomir" "pipe$sig" "sig$sig" "$sig" << 'END' || fail "SIG$sig"
import os, signal, subprocess, sys, time
exomir, pipe, out, name = sys.argv[1:]
number = getattr(signal, "SIG" + name)
p = subprocess.Popen([exomir, "count", "-r", "ref.exoref", "--sample", "x", "-o", out, pipe],
                     preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
w = os.open(pipe, os.O_WRONLY)
os.write(w, b"@r\nACGT\n+\nIIII\n")
for _ in range(100):
    if os.path.isdir(out):
        break
    time.sleep(0.05)
open(os.path.join(out, "x.tmp.%d.1" % p.pid), "w").close()  # as a staged file is called
open(os.path.join(out, "mine"), "w").close()
p.send_signal(number)
code = p.wait(timeout=20)
os.close(w)
sys.exit(0 if code == -number and os.listdir(out) == ["mine"] else 1)
END
        cases=$((cases + 1))
    fi
done

# ---- two runs with one PREFIX: the second is refused while the first one lives ----
if command -v python3 > /dev/null 2>&1; then
    cat > prefix.py << 'END'
import os, subprocess, sys, time
words = [sys.argv[1], "simulate", "reads", "-q", "-r", "ref.exoref", "--mirnas", "3", "-o", "one"]
first = subprocess.Popen(words + ["-n", "100000000"])
while not [f for f in os.listdir(".") if f.startswith("one.fastq.gz.tmp.")]:
    time.sleep(0.02)
time.sleep(0.1)
second = subprocess.run(words + ["-n", "50"], stderr=subprocess.PIPE)
other = subprocess.run(words[:-1] + ["two", "-n", "50"])
if first.poll() is not None:
    sys.exit("the first run is over: nothing was tested")
first.kill()
first.wait()
after = subprocess.run(words + ["-n", "50"])
left = sorted(f for f in os.listdir(".") if f.startswith("one."))
if second.returncode != 1 or b"another run is writing this file" not in second.stderr:
    sys.exit("exit %d: %s" % (second.returncode, second.stderr))
if other.returncode or after.returncode or left != ["one.fastq.gz", "one.truth.tsv"]:
    sys.exit("exits %d, %d, files %s" % (other.returncode, after.returncode, left))
END
    python3 prefix.py "$exomir" || fail "two runs with one PREFIX"
    cases=$((cases + 1))
fi

# ---- a locale with a decimal comma ----
expect 0 count -r ref.exoref -o en s1.fastq.gz
cp out out.en
loc=
if locale -a 2> /dev/null | grep -qi '^de_DE.utf-*8$'; then
    loc=ready
elif command -v localedef > /dev/null 2>&1 && [ -r /usr/share/i18n/locales/de_DE ]; then
    mkdir loc
    if localedef -i de_DE -f UTF-8 loc/de_DE.UTF-8 2> /dev/null; then
        LOCPATH=$tmp/loc
        export LOCPATH
        loc=made
    fi
fi
if [ -n "$loc" ]; then
    LC_ALL=de_DE.UTF-8
    export LC_ALL
    expect 0 count -r ref.exoref --error-rate 0.1 --max-ee 1.0 -o de s1.fastq.gz
    sed 's|de/report|en/report|' out | cmp -s - out.en || fail "the table depends on the locale"
    diff -r -q en de > out 2>&1 || fail "results depend on the locale"
    expect 2 count -r ref.exoref --error-rate 0,1 -o de s1.fastq.gz
else
    echo "skipped: no de_DE.UTF-8 locale"
fi
all_done
