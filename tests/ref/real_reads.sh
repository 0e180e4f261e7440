#!/bin/sh
# real_reads.sh - kits, species and spike-ins of real libraries: right, or a stop that says why.
#
#     real_reads.sh EXOMIR        EXM_SHARED names the folder that holds data/refs, data/fastq
#
# Exit 77 where that folder is absent.
. "${0%/*}/../cli/lib.sh"
data=${EXM_SHARED:-}/data
[ -d "$data/fastq" ] || {
    echo "skipped: EXM_SHARED does not name the folder with data/fastq and data/refs"
    exit 77
}
cd "$tmp"
fastq=$data/fastq
refs=$data/refs
mirnas="--species hsa --mature $refs/hsa_matures_miRBase_v22.fa
    --hairpin $refs/hsa_hairpins_miRBase_v22.fa --gff $refs/hsa_miRBase_v22.gff3.gz"
# shellcheck disable=SC2086 # lists of words
expect 0 ref build $mirnas --class tRNA="$refs/hsa_tRNA_mirtrace.fa" \
    --class rRNA="$refs/hsa_rDNA_exRNAQC.fa.gz" --spike RCLP="$fastq/spike_sequences.csv" \
    --artifact "$refs/mirtrace_artifact_sequences.fa" \
    --clade "$refs/all_species_matures_miRBase.fa.gz" -o full.exoref
# shellcheck disable=SC2086
expect 0 ref build $mirnas -o mirna.exoref

# file, kit, kits that no read can tell from it
cat > truth << 'END'
sample1.fastq.gz truseq nextflex-v4
sample2.fastq.gz truseq nextflex-v4
RNA014937_S1.fastq.gz truseq nextflex-v4
dnapi_good.fq.gz truseq nextflex-v4
sample3.fastq.gz illumina-v1 -
excerpt_testData_human.fastq.gz illumina-v1 -
QiaSeq_data.fastq.gz qiaseq -
optimir_S1.fq.gz nebnext -
dnapi_processed.fq.gz none -
bovine_plasma_sample.fastq.gz none -
END

item() { # FOLDER ID KEY: of a check in qc.json
    python3 -c 'import json, sys
for i in json.load(open(sys.argv[1] + "/qc.json"))["samples"][0]["items"]:
    if i["id"] == sys.argv[2]: print(i[sys.argv[3]])' "$1" "$2" "$3"
}
kit_of() { # FOLDER
    python3 -c 'import json, sys
print(json.load(open(sys.argv[1] + "/qc.json"))["samples"][0]["kit"])' "$1"
}
recognised() { # FILE KIT
    rm -rf auto
    expect 0 count -r full.exoref -o auto "$fastq/$1"
    [ "$(kit_of auto)" = "$2" ] || return 1
    [ "$2" != none ] || says "already trimmed"
    awk -F '\t' 'NR > 1 { n += $2 } END { exit n == 0 }' auto/mirna.counts.tsv ||
        fail "$1: nothing was counted"
}

# ---- kits ----
kits="truseq illumina-v1 nebnext qiaseq nextflex-v3 nextflex-v4 smarter cats dplex"
while read -r file kit alike; do
    recognised "$file" "$kit" || fail "$file is $(kit_of auto), not $kit"
    for named in $kits; do
        rm -rf named
        if [ "$named" = "$kit" ] || [ "$named" = "$alike" ]; then
            expect 0 count -q -r full.exoref --kit "$named" -o named "$fastq/$file"
            cmp -s auto/mirna.counts.tsv named/mirna.counts.tsv ||
                fail "$file: --kit $named and --kit auto count differently"
        else
            expect 1 count -q -r full.exoref --kit "$named" -o named "$fastq/$file"
            if [ "$kit" = none ]; then says "already trimmed"; else says "$kit: its adapter"; fi
            [ -z "$(find named -type f 2> /dev/null)" ] || fail "$file, --kit $named: something was published"
        fi
    done
    echo "$file: $kit"
done < truth
if recognised sample1.fastq.gz nebnext; then fail "a wrong kit goes unnoticed"; fi

# ---- species ----
rm -rf cow
expect 0 count -r full.exoref -o cow "$fastq/bovine_plasma_sample.fastq.gz"
says "other mammals:bta"
[ "$(item cow foreign verdict)" = fail ] || fail "bovine reads pass as human"
for human in sample1.fastq.gz sample2.fastq.gz sample3.fastq.gz RNA014937_S1.fastq.gz \
    dnapi_good.fq.gz; do
    rm -rf human
    expect 0 count -r full.exoref -o human "$fastq/$human"
    case $(item human foreign verdict) in
    warn | fail) fail "$human passes as another species" ;;
    esac
done

# C. elegans: its matures between random flanks.
gzip -dc "$refs/all_species_matures_miRBase.fa.gz" |
    awk '/^>/ { keep = $1 ~ /^>cel-/; name = $1; next }
        keep { gsub("U", "T"); print name; print $0 }' > cel.fa
awk '/^>/ { print $1 "-hp"; srand(NR); next }
    { a = b = ""
      for (i = 0; i < 15; i++) {
          a = a substr("ACGT", 1 + int(4 * rand()), 1)
          b = b substr("ACGT", 1 + int(4 * rand()), 1)
      }
      print a $0 b }' cel.fa > cel_hairpin.fa
expect 0 ref build -q --mature cel.fa --hairpin cel_hairpin.fa -o cel.exoref
for seed in 5 6 7; do
    expect 0 simulate reads -q -r cel.exoref -n 20000 --mirnas 100 --seed $seed -o cel$seed
    expect 1 count -q -r full.exoref -o worm cel$seed.fastq.gz
    says "nematodes:cel"
    says "wrong species"
    [ -z "$(find worm -type f 2> /dev/null)" ] || fail "worm reads were published as human"
    # Without --clade there is no telling which species; 1.6 % of seed 5 are human, too.
    rm -rf plain
    if [ $seed -eq 5 ]; then
        expect 0 count -q -r mirna.exoref -o plain cel$seed.fastq.gz
        [ "$(item plain mirna verdict)" = warn ] || fail "worm reads pass as human"
        item plain mirna reason | grep -q "another species" || fail "no cause is given"
    else
        expect 1 count -q -r mirna.exoref -o plain cel$seed.fastq.gz
        says "wrong species"
    fi
done

# ---- spike-ins: 0.92 +- 0.05 % of the plasma reads ----
rm -rf plasma
expect 0 count -r full.exoref -o plasma "$fastq/RNA014937_S1.fastq.gz"
spikes=$(awk -F '\t' '$1 == "RCLP" { print $2 }' plasma/classes.counts.tsv)
exact=$(gzip -dc "$fastq/RNA014937_S1.fastq.gz" | awk -F, '
    NR == FNR { sub(/\r$/, ""); if ($2 ~ /^[ACGT]+$/) spike[$2]; next }
    FNR % 4 == 2 { at = index($0, "TGGAATTCTC"); if (at && substr($0, 1, at - 1) in spike) n++ }
    END { print n + 0 }' "$fastq/spike_sequences.csv" -)
echo "plasma: $spikes spike reads of 10000, $exact of them without an error"
[ "$spikes" -ge 87 ] && [ "$spikes" -le 97 ] || fail "$spikes spike reads of 10000"
[ "$exact" -ge 87 ] && [ "$exact" -le "$spikes" ] || fail "exact ones: $exact"
rm -rf human
expect 0 count -r full.exoref -o human "$fastq/sample1.fastq.gz"
[ "$(awk -F '\t' '$1 == "RCLP" { print $2 }' human/classes.counts.tsv)" -eq 0 ] ||
    fail "spike-ins where none were added"
all_done
