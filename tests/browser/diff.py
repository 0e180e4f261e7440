#!/usr/bin/env python3
"""The report of exomir diff in Debian's Chromium: console clean, pictures, table, files.

usage: diff.py REPORT.html DIFF.tsv [SCREENSHOT.png]
"""
import base64, csv, os, sys, tempfile

from chrome import Chrome
import report
from report import READY, check, failed


def main():
    page = Chrome()
    try:
        page.open("file://" + os.path.abspath(sys.argv[1]), READY)
        rows = list(csv.DictReader(open(sys.argv[2]), delimiter="\t"))
        hits = sum(r["fdr"] != "NA" and float(r["fdr"]) < 0.05 for r in rows)
        check("research use only is said", page.run(
            "document.querySelector('header').textContent.includes('Research use only')"))
        first = page.run("document.querySelector('section p').textContent")
        check("it says how many differ, as the table does", first.startswith(f"{hits} features"), first)
        titles = page.run("[...document.querySelectorAll('figure h3')].map(h => h.textContent)")
        check("all pictures are there", len(titles) == 7, titles)
        n = page.run("""[...document.querySelectorAll('figure')].find(f => f.querySelector('h3').textContent
            === 'Fold change by abundance').querySelectorAll('circle').length""")
        want = sum(r["log2fc"] != "NA" for r in rows)
        check("every feature has its point", n == want, f"{n} of {want}")
        top = page.run("document.querySelector('table[aria-label=features] tbody tr:not(.spacer) td').textContent")
        least = min((r for r in rows if r["p"] != "NA"), key=lambda r: float(r["p"]))["feature"]
        check("the smallest P comes first", top == least, top)
        outside = page.run("""[...document.querySelectorAll('figure svg')].flatMap(s => {
            const frame = s.getBoundingClientRect();
            return [...s.querySelectorAll('text')].filter(t => {
                const r = t.getBoundingClientRect();
                return r.left < frame.left - 1 || r.right > frame.right + 1 || r.top < frame.top - 1
                    || r.bottom > frame.bottom + 1; }).map(t => t.textContent); })""")
        check("all text lies inside its picture", outside == [], outside[:5])
        labels = page.run("""[...document.querySelectorAll('figure svg')].every(s =>
            s.getAttribute('aria-label') && s.querySelectorAll('text').length > 0)""")
        check("every picture has a label and axes", labels)
        broken = page.run("""[...document.querySelectorAll('svg [cx], svg [x], svg [points]')].filter(e =>
            /NaN|Infinity/.test(e.outerHTML)).length""")
        check("no coordinate is missing", broken == 0, broken)
        with tempfile.TemporaryDirectory() as folder:
            got = report.files(page, folder, "Volcano")
        check("three files of a picture", got.get("SVG", b"").startswith(b"<svg")
              and got.get("PNG", b"").startswith(b"\x89PNG") and got.get("TSV", b"").startswith(b"feature\tlfc"))
        complaints = page.complaints()
        check("the console is clean", not complaints, complaints[:3] if complaints else "")
        if len(sys.argv) > 3:
            size = page.call("Page.getLayoutMetrics")["cssContentSize"]
            shot = page.call("Page.captureScreenshot", captureBeyondViewport=True,
                             clip={"x": 0, "y": 0, "width": size["width"],
                                   "height": min(size["height"], 4000), "scale": 1})
            open(sys.argv[3], "wb").write(base64.b64decode(shot["data"]))
    finally:
        page.close()
    print(f"{len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
