#!/bin/sh
# docs/formats.md against the files.  usage: formats.sh EXOMIR SOURCE_FOLDER
. "${0%/*}/lib.sh"
source_folder=$2
command -v python3 > /dev/null 2>&1 || { echo "skipped: no python3"; exit 77; }
make_rich_ref
cd "$tmp"
printf 'sample,fastq_1,kit,batch,site\nT,rich/truseq.fastq,truseq,b1,\nU,rich/qiaseq.fastq,,b2,north\n' > sheet.csv
printf 'D,rich/dplex.fastq,auto,,south\n' >> sheet.csv
expect 0 count -q -r rich.exoref -o mixed --bam --sheet sheet.csv
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
