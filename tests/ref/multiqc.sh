#!/bin/sh
# multiqc.sh - MultiQC reads our custom content without a word, and shows all of it.
#
#     multiqc.sh EXOMIR
#
# Exit: 0 as told, 1 not, 77 without multiqc or python3.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
command -v multiqc > /dev/null 2>&1 && command -v python3 > /dev/null 2>&1 || {
    echo "skipped: multiqc or python3 is not installed"
    exit 77
}
make_rich_ref
cd "$tmp"
printf 'sample,fastq_1,kit,fluid\nT,rich/truseq.fastq,truseq,plasma\nU,rich/qiaseq.fastq,,urine\nD,rich/dplex.fastq,auto,\n' > sheet.csv
expect 0 count -q -r rich.exoref -o run --sheet sheet.csv
expect 0 count -q -r rich.exoref -o one --no-adapter rich/trimmed.fa

show() { # folder: run multiqc into mqc-FOLDER; no warning, no error
    cases=$((cases + 1))
    MULTIQC_CONFIG_PATH='' multiqc --verbose --no-ansi -o "mqc-$1" "$1/multiqc" > out 2> err < /dev/null ||
        fail "multiqc $1"
    # It asks for a newer version over the network, which a test has not.
    if grep -E 'WARNING|ERROR|CRITICAL|Traceback' out err "mqc-$1/multiqc_data/multiqc.log" | grep -v 'multiqc.info'; then
        fail "multiqc $1 complains"
    fi
}
show run
show one
python3 - << 'END' > told 2>&1 || { cat told >&2; fail "multiqc shows something else"; }
import csv, glob, json, math


def table(path):
    with open(path) as f:
        return {r["Sample"]: r for r in csv.DictReader(f, delimiter="\t")}


for run, samples in (("run", ["D", "T", "U"]), ("one", ["trimmed"])):
    html = open(f"mqc-{run}/multiqc_report.html").read()
    data = f"mqc-{run}/multiqc_data"
    qc = {s["sample"]: s for s in json.load(open(f"{run}/qc.json"))["samples"]}
    sections = 0
    for path in glob.glob(f"{run}/multiqc/*_mqc.json"):
        ours = json.load(open(path))
        assert sorted(ours["data"]) == samples, path
        if ours["plot_type"] == "generalstats":
            continue
        sections += 1
        assert f">{ours['section_name']}" in html.replace("\n", "").replace("  ", ""), path
        assert ours["description"] in html, path
        shown = table(f"{data}/multiqc_{ours['pconfig']['id']}.txt")
        assert sorted(shown) == samples, path
        for s, row in ours["data"].items():
            for k, v in row.items():
                got = shown[s][k if k in shown[s] else f"{float(k)}"]
                assert got == v if isinstance(v, str) else float(got) == v, (path, s, k, got, v)
    assert sections == 4, sections
    stats = table(f"{data}/multiqc_general_stats.txt")
    for s in samples:
        items = {i["id"]: i["value"] for i in qc[s]["items"]}
        shown = {k.split("-")[-1]: v for k, v in stats[s].items() if k != "Sample"}
        ids = {"reads", "mirna", "mirnas_10", "adapter_found", "q30", "unannotated"}
        assert set(shown) <= ids and all(items[k] is None for k in ids - set(shown)), shown
        for k, v in shown.items():
            assert v == "" if items[k] is None else math.isclose(float(v), items[k], rel_tol=1e-12), (s, k, v)
    print("ok", run, sections, "sections")
verdicts = table("mqc-run/multiqc_data/multiqc_exomir_verdicts_table.txt")
assert [verdicts[s]["limits"] for s in "DTU"] == ["fluid unknown", "plasma", "urine"]
END
cases=$((cases + $(grep -c '^ok' told)))

# Negative control: content that MultiQC does not understand is noticed.
mkdir -p bad/multiqc
sed 's/"linegraph"/"box"/' run/multiqc/exomir_lengths_mqc.json > bad/multiqc/exomir_lengths_mqc.json
MULTIQC_CONFIG_PATH='' multiqc --verbose --no-ansi -o mqc-bad bad/multiqc > out 2> err < /dev/null || :
grep -qE 'WARNING|ERROR' out err mqc-bad/multiqc_data/multiqc.log 2> /dev/null || fail "an unknown plot is no warning"
all_done
