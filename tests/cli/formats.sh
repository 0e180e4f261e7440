#!/bin/sh
# docs/formats.md against the files.  usage: formats.sh EXOMIR SOURCE_FOLDER
. "${0%/*}/lib.sh"
source_folder=$2
command -v python3 > /dev/null 2>&1 || { echo "skipped: no python3"; exit 77; }
make_rich_ref
cd "$tmp"
printf 'sample,fastq_1,kit,batch,site\nT,rich/truseq.fastq,truseq,b1,\nU,rich/qiaseq.fastq,,b2,north\n' > sheet.csv
printf 'D,rich/dplex.fastq,auto,,south\n' >> sheet.csv
printf '##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n' > known.vcf
# Every substitution of miR-2, on the minus strand of chr2 from 2066 down, is known.
echo GGAGGAATAAGTCCTGGATTGG | fold -w 1 | awk '{ for (i = 1; i <= 4; i++) {
    b = substr("ACGT", i, 1)
    if (b != $1) printf "2\t%d\trs%d\t%s\t%s\t.\t.\t.\n", 2067 - NR, NR, $1, b } }' >> known.vcf
expect 0 count -q -r rich.exoref -o mixed --bam --vcf known.vcf --sheet sheet.csv
expect 0 count -q -r rich.exoref -o plain --no-adapter rich/trimmed.fa
expect 0 count -q -r rich.exoref -o slim --skip report,gff,isomirs,multiqc --no-adapter rich/trimmed.fa
expect 0 ref show --json --names rich.exoref
cp out show.json
expect 0 simulate reads -r rich.exoref --kit qiaseq -n 500 --mirnas 3 --dimer-share 0.1 --plain \
    --error-rate 0.01 --read-length 76 -o sim
python3 "$source_folder/tests/cli/formats.py" "$exomir" "$source_folder/docs/formats.md" > told 2> err ||
    { cp told out; fail "formats"; }
cases=$((cases + $(grep -c '^ok' told)))
cat told
python3 "$source_folder/tests/cli/formats_bam.py" "$source_folder/docs/formats.md" > told 2> err ||
    { cp told out; fail "the BAM files"; }
cases=$((cases + $(grep -c '^ok' told)))
cat told
all_done
