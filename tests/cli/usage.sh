#!/bin/sh
# Wrong usage: exit 2, one error, one line of advice, and nothing on standard output.
. "${0%/*}/lib.sh"

wrong() { # WORD-IN-MESSAGE WORD-IN-ADVICE ARGUMENTS...
    message=$1 advice=$2
    shift 2
    expect 2 "$@"
    says "$message"
    says "$advice"
    [ "$(grep -c 'error: ' "$tmp/err")" -eq 1 ] || fail "not one error: $*"
    [ ! -s "$tmp/out" ] || fail "output beside an error: $*"
}

wrong 'no command' 'exomir --help'
wrong "unknown command 'cuont'" "did you mean 'exomir count'" cuont
wrong "unknown command 'ref biuld'" "did you mean 'exomir ref build'" ref biuld
wrong "'ref' is no complete command" 'ref' ref
wrong "unknown option '--frobnicate'" 'follow the command' --frobnicate
wrong "unknown option '--threds'" "did you mean '--threads'" count --threds 2
wrong "unknown option '--thread'" "did you mean '--threads'" count --thread 2 # no abbreviations
wrong "unknown option '-Z'" '--help' count -Z
wrong "option '--ref FILE' is required" 'usage: exomir count' count -o x a.fq
wrong "option '--out DIR' is required" 'usage: exomir count' count -r x a.fq
wrong "'--threads' needs a value" '--help' count --threads
wrong "'-r' needs a value" '--help' count -r
wrong "'--json' takes no value" '--help' count --json=1
wrong "'--threads': 'two' is not a whole number" '--help' count -t two
wrong "'--threads': '0' is not between 1 and 1024" '--help' count -t0
wrong "'--threads': '99999999999' is not between 1 and 1024" '--help' count -t 99999999999
wrong "'ref' is no complete command" "'exomir ref build'" ref -q
wrong "'--threads': '-1'" '--help' count --threads=-1
wrong "'--error-rate': '0,1' is not a number" '--help' count --error-rate 0,1
wrong "'--error-rate': '0.9' is not between 0 and 0.25" '--help' count --error-rate 0.9
wrong "'--max-ee': 'nan' is not a number" '--help' count --max-ee nan
wrong "'--kit': unknown word 'quiaseq'" "did you mean 'qiaseq'" count --kit quiaseq
wrong "'--ref': '' is not" '--help' count -r '' -o x a.fq
wrong 'no reads to count' '--sheet' count -r x -o y
wrong '--sheet excludes' 'into the sheet' count -r x -o y --sheet s.csv a.fq
wrong 'exclude each other' 'only one' count -r x -o y --kit truseq --no-adapter a.fq
wrong "'--skip': unknown output 'plots'" 'report,gff' count -r x -o y --skip gff,plots a.fq
wrong "'--layout': layout, character 1, 'QQQ'" 'for example' count -r x -o y --layout QQQ a.fq
wrong 'is named twice' '' count -r x -o y a.fq a.fq
wrong "sample called 'a': d/a.fastq.gz and e/a.fq" '--sample' count -r x -o y e/a.fq d/a.fastq.gz
wrong "'a b.fq' gives no sample name" '--sample' count -r x -o y 'a b.fq'
wrong 'standard input has no name' '--sample' count -r x -o y -
wrong "'../b' is no sample name" 'letters' count -r x -o y --sample ../b a.fq
wrong "is above --max-length" '' count -r x -o y --min-length 30 --max-length 20 a.fq
wrong "'tRNA' is not NAME=FASTA" 'tRNA=trna.fa' ref build --mature m --hairpin h -o o --class tRNA
wrong 'FILE, the reference bundle, is missing' '--help' ref show
wrong "unexpected word 'b'" '--help' ref show a b
wrong 'SEQ' '--help' explain read -r x
wrong "no completion for 'fish'" 'bash' completion fish
wrong "unknown command 'cuont'" "did you mean 'count'" man cuont
wrong "option '--kit' is given twice" 'once' count --kit truseq -r x -o y --kit=truseq a.fq
wrong "option '--ref' is given twice" 'once' count -r x --ref z -o y a.fq
wrong 'is 4 or 40' '' simulate reads -r x -o y --quality-levels 7

# EXM_CPU is checked before anything else.
EXM_CPU=avx9 expect 2 --version
says "EXM_CPU='avx9'"
EXM_CPU=scalar expect 0 --version
EXM_CPU='' expect 0 --version

# Parameter files: line numbers, and the command line wins.
printf '# comment\n\nmin-length = 18\r\nmin-lenght=3\n' > "$tmp/p"
wrong "$tmp/p, line 4: unknown key 'min-lenght'" "did you mean '--min-length'" \
    count -r x -o y --params "$tmp/p" a.fq
printf 'min-length=abc\n' > "$tmp/p"
wrong "line 1: option '--min-length': 'abc'" 'explains' count --params "$tmp/p" -r x -o y a.fq
printf 'keep-going=maybe\n' > "$tmp/p"
wrong "'maybe' is not true or false" 'explains' count --params "$tmp/p" -r x -o y a.fq
printf 'json\nmin-length=40\nmax-length=30\n' > "$tmp/p"
expect 2 count -r x -o y --params "$tmp/p" a.fq
says '--min-length 40 is above --max-length 30'
printf 'min-length=40\nmax-length=30\n' > "$tmp/p"
expect 1 count -r x -o y --params "$tmp/p" --min-length 20 a.fq # now only the file is missing
says 'a.fq: No such file or directory'
printf 'min-length=18\nkit=truseq\nmin-length = 20\n' > "$tmp/twice"
wrong "line 3: key 'min-length' is given twice" 'once' count --params "$tmp/twice" -r x -o y a.fq
wrong "'--params' is given twice" 'once' count --params "$tmp/p" --params "$tmp/p" -r x -o y a.fq
printf 'params=%s\n' "$tmp/p" > "$tmp/nested"
expect 2 count --params "$tmp/nested" -r x -o y a.fq
says "unknown key 'params'"
if grep -q 'did you mean' "$tmp/err"; then fail "--params is proposed inside a parameter file"; fi
expect 1 count --params "$tmp/none" -r x -o y a.fq
says "$tmp/none"

# "--" ends options; "-" and words with dashes after it are operands.
expect 1 count -r x -o y -- --kit.fq
says '--kit.fq: No such file or directory'

# Errors as JSON on standard output, the message on standard error as well.
expect 2 count --json --kti truseq
says "unknown option '--kti'"
is_json "$tmp/out"
prints '"kind": "usage"'
prints '"exit": 2'
prints "did you mean '--kit'?"
expect 1 count --json -r "$tmp/none" -o "$tmp/y" --no-adapter "$exomir"
is_json "$tmp/out"
prints '"exit": 1'
# Sizes.
for size in 0 G 4X 4g -1 1.5G 20000000000G ''; do
    expect 2 count -r x.exoref -o x --max-memory "$size" x.fastq
    says "--max-memory"
done
all_done
