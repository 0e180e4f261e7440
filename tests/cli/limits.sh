#!/bin/sh
# --fluid, --limits and the sheet's fluid.  usage: limits.sh EXOMIR SOURCE_FOLDER
. "${0%/*}/lib.sh"
source_folder=$2
make_rich_ref
cd "$tmp"
head='id\tlow\thigh\tfail_low\tfail_high\tbeyond\tsource\n'
limits_of() { # folder sample: whose limits
    sed -n "/\"sample\": \"$2\"/,/\"limits\"/s/.*\"limits\": \"\(.*\)\",/\1/p" "$1/qc.json"
}
judged() { # want, folder, sample
    cases=$((cases + 1))
    got=$(limits_of "$2" "$3")
    [ "$got" = "$1" ] || fail "$3 is judged by '$got', not '$1'"
}
printf 'sample,fastq_1,fluid\nA,rich/truseq.fastq,Plasma\nB,rich/trimmed.fa,\nC,rich/qiaseq.fastq,sweat\nD,rich/dplex.fastq,sweat\n' > s.csv
expect 0 count -r rich.exoref -o run --sheet s.csv --fluid urine
judged plasma run A
judged urine run B
judged unknown run C
says "'sweat' has no limits of its own (there are cells, csf, plasma, saliva, serum and urine)"
[ "$(grep -c sweat err)" -eq 1 ] || fail "one note for one fluid"
expect 0 count -q -r rich.exoref -o none --no-adapter rich/trimmed.fa
judged unknown none trimmed
expect 2 count -r rich.exoref -o bad --fluid sweat --no-adapter rich/trimmed.fa
for f in cells csf plasma saliva serum unknown urine; do
    says "$f"
    [ -s "$source_folder/data/limits/$f.tsv" ] || fail "no table of $f"
done

# A file on top: it decides, and it is told.
printf "${head}kept\t20\t100\t\t\tfail\tours\n" > lab.tsv
printf "${head}kept\t99\t\t\t\tfail\tours\n" > strict.tsv
expect 0 count -q -r rich.exoref -o own --limits lab.tsv --fluid csf --no-adapter rich/trimmed.fa
judged 'csf + lab.tsv' own trimmed
grep -q '"name": "csf + lab.tsv"' own/provenance.json || fail "provenance lacks the limits"
expect 3 count -q -r rich.exoref -o own --limits strict.tsv --fail-on-qc rich/truseq.fastq
grep -q '"basis": "ours"' own/qc.json || fail "where the limits are from"
expect 0 explain sample own truseq
prints 'limit: at least 99 %'

# The installed template is a table that can be given back.
expect 0 count -q -r rich.exoref -o same --limits "$source_folder/data/limits/unknown.tsv" --no-adapter rich/trimmed.fa
sed 's/unknown + unknown.tsv/unknown/' same/qc.json | cmp -s - none/qc.json || fail "unknown.tsv on top changes something"

# Each column that docs/formats.md names is needed.
sed -n '/<!-- table: limits file -->/,/^$/p' "$source_folder/docs/formats.md" | sed -n 's/^| \([a-z_]*\) |.*/\1/p' |
    grep -vx column > columns
printf "$head" | tr '\t' '\n' | cmp -s - columns || fail "columns of the document"
while read -r c; do
    printf "$head" | sed "s/$c/other_$c/" > broken.tsv
    expect 1 count -r rich.exoref -o bad --limits broken.tsv --no-adapter rich/trimmed.fa
    says "broken.tsv: no column '$c'"
done < columns
printf "${head}kept\t1\t\t\t\twarn\tx\nmirna\tmuch\t\t\t\twarn\tx\n" > broken.tsv
expect 1 count -r rich.exoref -o bad --limits broken.tsv --no-adapter rich/trimmed.fa
says 'broken.tsv, line 3'
expect 1 count -r rich.exoref -o bad --limits nowhere.tsv --no-adapter rich/trimmed.fa
says 'nowhere.tsv'
[ ! -e bad ] || fail "a folder was made"
all_done
