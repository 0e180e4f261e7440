#!/usr/bin/env python3
"""The report in Debian's Chromium: console clean, interaction, files, 1,000 samples.

usage: report.py SMALL.html LARGE.html [SCREENSHOT.png]
"""
import base64, os, sys, tempfile, time

from chrome import Chrome

READY = "document.documentElement?.dataset.ready === '1'"
failed = []


def check(what, ok, shown=""):
    if not ok:
        failed.append(what)
    print(("ok    " if ok else "NOT OK ") + what + (f" ({shown})" if shown != "" else ""))


def files(page, folder, title):
    """Clicks the three buttons of a figure; the files' bytes by ending."""
    page.call("Page.setDownloadBehavior", behavior="allow", downloadPath=folder)
    got = {}
    for kind in ("SVG", "PNG", "TSV"):
        before = set(os.listdir(folder))
        page.run(f"""[...document.querySelectorAll('figure')]
            .find(f => f.querySelector('h3').textContent === {title!r})
            .querySelectorAll('button').forEach(b => b.textContent === '{kind}' && b.click())""")
        end = time.time() + 20
        while time.time() < end:
            new = [f for f in set(os.listdir(folder)) - before if not f.endswith("crdownload")]
            if new:
                time.sleep(0.2)
                got[kind] = open(os.path.join(folder, new[0]), "rb").read()
                break
            time.sleep(0.05)
    return got


def small(page, path, screenshot):
    page.open("file://" + path, READY)
    check("research use only is said", page.run(
        "document.querySelector('header').textContent.includes('Research use only')"))
    order = page.run("[...document.querySelectorAll('main h2')].map(h => h.textContent)")
    check("what needs attention comes first", order[0] == "What needs attention", order[0])
    n = page.run("JSON.parse(document.getElementById('data').textContent).samples.length")
    rows = "document.querySelectorAll('table[aria-label=samples] tbody tr[tabindex]')"
    check("every sample has a row", page.run(f"{rows}.length") == n, n)
    check("reads in = reads accounted for", page.run("""JSON.parse(document.getElementById(
        'data').textContent).samples.every(s => s.fates.reduce((a, b) => a + b) === s.reads
        && s.cargo.reduce((a, b) => a + b) === s.fates[0])"""))
    check("at most seven kinds of cargo", page.run("""JSON.parse(document.getElementById(
        'data').textContent).groups.length""") <= 7)
    check("verdicts are counted first", page.run("""[...document.querySelectorAll(
        'section')][0].querySelector('p').textContent.match(/\\d+/g).map(Number).reduce((a, b) => a + b)""") == n)
    said = page.run("""[...document.querySelectorAll('ul.attention')[0].children].map(li =>
        [li.querySelector('strong').textContent, li.textContent, li.className])""")
    check("each broken check is told once, with its limit, failures first",
          len(said) == len({t for t, _, _ in said}) > 1 and all("(limit: " in t for _, t, _ in said)
          and [c for _, _, c in said] == sorted(c for _, _, c in said), len(said))
    check("the Tab key stops once in the table", page.run(f"[...{rows}].filter(r => r.tabIndex === 0).length") == 1)
    page.run("""document.querySelector('ul.attention a').click()""")
    name = page.run("document.querySelector('ul.attention a').textContent")
    check("a name leads to its sample", page.run(
        "document.querySelector('#sample h2').textContent").startswith("Sample " + name), name)
    check("what it breaks stands at its head", page.run(
        "document.querySelector('#sample ul.attention strong')?.textContent") is not None)
    ranks = page.run("""[...document.querySelectorAll('table[aria-label=checks] tbody tr')].map(r =>
        ['fail', 'warn', 'note', 'pass', 'na'].indexOf(r.cells[1].textContent.slice(2)))""")
    check("the worst checks come first", ranks == sorted(ranks) and len(set(ranks)) > 2)
    check("limits have units", page.run("""[...document.querySelectorAll('table[aria-label=checks] tbody tr')]
        .filter(r => r.cells[2].textContent.endsWith('%')).every(r => r.cells[3].textContent === ''
            || r.cells[3].textContent.includes('%'))"""))
    crowded = page.run("""[...document.querySelectorAll('figure svg')].flatMap(s => {
        const t = [...s.querySelectorAll('text[text-anchor=middle]:not([transform])')].map(e => [e.textContent, e.getBoundingClientRect()]);
        return t.filter(([, a], i) => t.some(([, b], k) => k > i && a.left < b.right && b.left < a.right
            && a.top < b.bottom && b.top < a.bottom)).map(([w]) => w); })""")
    check("labels do not lie on each other", crowded == [], crowded)
    page.run("document.querySelectorAll('table[aria-label=samples] th button')[1].click()")
    page.run(f"{rows}[0].click()")
    check("the sample shown first is the first of the table", page.run(
        f"{rows}[0].getAttribute('aria-selected')") == "true")
    # sorting: by name up, then down
    page.run("document.querySelector('table[aria-label=samples] th button').click()")
    up = page.run(f"[...{rows}].map(r => r.cells[0].textContent)")
    page.run("document.querySelector('table[aria-label=samples] th button').click()")
    down = page.run(f"[...{rows}].map(r => r.cells[0].textContent)")
    check("sorting by name goes both ways", up == down[::-1] and up != down, up[0])
    check("the sort is told to screen readers", page.run(
        "document.querySelector('table[aria-label=samples] th').getAttribute('aria-sort')")
        == "descending")
    # search
    page.run(f"""(() => {{ const i = document.querySelector('input[type=search]');
        i.value = {up[0]!r}; i.dispatchEvent(new Event('input')); }})()""")
    check("search finds one sample", page.run(f"{rows}.length") == 1)
    page.run("""(() => { const i = document.querySelector('input[type=search]');
        i.value = ''; i.dispatchEvent(new Event('input')); })()""")
    # keyboard
    page.run(f"{rows}[0].focus()")
    for _ in range(2):
        page.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowDown", code="ArrowDown")
    name = page.run("document.querySelector('tr[aria-selected=true]').cells[0].textContent")
    check("arrow keys choose a sample", page.run(
        "document.querySelector('#sample h2').textContent").startswith("Sample " + name), name)
    labels = page.run("""[...document.querySelectorAll('figure svg')].every(s =>
        s.getAttribute('aria-label') && s.querySelectorAll('text').length > 0)""")
    check("every picture has a label and axes", labels)
    outside = page.run("""[...document.querySelectorAll('figure svg')].flatMap(s => {
        const frame = s.getBoundingClientRect();
        return [...s.querySelectorAll('text')].filter(t => {
            const r = t.getBoundingClientRect();
            return r.left < frame.left - 1 || r.right > frame.right + 1 || r.top < frame.top - 1
                || r.bottom > frame.bottom + 1; }).map(t => t.textContent); })""")
    check("all text lies inside its picture", outside == [], outside)
    check("molecules are shown only where there are UMIs", page.run("""[...document.querySelectorAll(
        'table[aria-label=samples] tbody tr[tabindex]')].every(r =>
        (r.cells[7].textContent === '\u2013') === (r.cells[2].textContent !== 'qiaseq'))"""))
    heads, words, curves = set(), set(), set()
    for i in range(n):
        page.run(f"{rows}[{i}].click()")
        kit = page.run("document.querySelector('tr[aria-selected=true]').cells[2].textContent")
        heads.add((kit == "qiaseq", page.run("""[...document.querySelectorAll('#sample th')].map(
            t => t.textContent).find(t => t.endsWith('(EM)'))""")))
        curves.add((kit == "qiaseq", page.run("[...document.querySelectorAll('figure polyline')].map("
                                                "p => p.points.length).join()")))
        words |= set(page.run("""[...document.querySelectorAll('figure svg text')].map(t => t.textContent)"""))
    check("samples with UMIs show molecules, the others reads",
          heads == {(True, "Molecules (EM)"), (False, "Reads (EM)")}, heads)
    check("samples with UMIs show saturation", curves == {(True, "21"), (False, "")}, curves)
    check("fates are named in words", "adapter dimer" in words and not [w for w in words if "_" in w
          and "sim" not in w], sorted(w for w in words if "_" in w))
    page.run(f"{rows}[0].click()")
    with tempfile.TemporaryDirectory() as folder:
        got = files(page, folder, "Insert length")
        check("SVG of a plot", got.get("SVG", b"").startswith(b"<svg xmlns"))
        check("PNG of a plot", got.get("PNG", b"")[:8] == b"\x89PNG\r\n\x1a\n")
        check("TSV of a plot", got.get("TSV", b"").startswith(b"length_nt\tmiRNA"))
    # dark and print
    light = page.run("getComputedStyle(document.body).backgroundColor")
    page.call("Emulation.setEmulatedMedia",
              features=[{"name": "prefers-color-scheme", "value": "dark"}])
    time.sleep(0.3)
    check("dark mode", page.run("getComputedStyle(document.body).backgroundColor") != light)
    check("pictures follow the mode", page.run(
        "document.querySelector('figure svg rect').getAttribute('fill')") == "#1b212b")
    page.call("Emulation.setEmulatedMedia", features=[])
    pdf = base64.b64decode(page.call("Page.printToPDF", printBackground=True)["data"])
    check("it prints", pdf[:5] == b"%PDF-" and len(pdf) > 20000, f"{len(pdf)} bytes")
    if screenshot:
        size = page.call("Page.getLayoutMetrics")["cssContentSize"]
        shot = page.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": size["width"],
                               "height": min(size["height"], 4000), "scale": 1})
        open(screenshot, "wb").write(base64.b64decode(shot["data"]))


def large(page, path):
    start = time.time()
    page.open("file://" + path, READY)
    n = page.run("JSON.parse(document.getElementById('data').textContent).samples.length")
    check("the large report is up", n >= 1000, f"{n} samples, {time.time() - start:.1f} s")
    print(f"      time to interactive: {page.run('document.documentElement.dataset.readyMs')} ms")
    page.run("[...document.querySelectorAll('ul.attention button')].find(b => b.textContent === 'find in the table').click()")
    check("the samples of a check are found in the table", page.run(
        "document.querySelector('[aria-live=polite]').textContent").endswith(" of 1,000"))
    page.run("""(() => { const i = document.querySelector('input[type=search]');
        i.value = ''; i.dispatchEvent(new Event('input')); })()""")
    check("only rows in sight exist", page.run(
        "document.querySelectorAll('table[aria-label=samples] tbody tr[tabindex]').length") < 80)
    slow = page.run("""new Promise(done => {
        const box = document.querySelector('.window'), gaps = [];
        let last = performance.now(), step = 0;
        (function go(now) {
            if (step++) gaps.push(now - last);
            last = now;
            box.scrollTop = step * 250;
            if (step < 90) requestAnimationFrame(go);
            else done(gaps.sort((a, b) => a - b)[Math.floor(gaps.length * 0.9)]);
        })(last); })""")
    print(f"      scrolling: 90 % of frames within {slow:.0f} ms")
    took = page.run("""(() => { const i = document.querySelector('input[type=search]'),
        t = performance.now(); i.value = 's99'; i.dispatchEvent(new Event('input'));
        return performance.now() - t; })()""")
    check("search finds the samples of that name", page.run(
        "document.querySelector('[aria-live=polite]').textContent") == "11 of 1,000")
    print(f"      search: {took:.0f} ms")
    took = page.run("""(() => { const r = document.querySelector('tr[tabindex]'),
        t = performance.now(); r.click(); return performance.now() - t; })()""")
    check("a sample opens", page.run(
        "document.querySelector('#sample h2').textContent").startswith("Sample s99"))
    print(f"      opening a sample: {took:.0f} ms")


def main():
    page = Chrome()
    try:
        small(page, os.path.abspath(sys.argv[1]), sys.argv[3] if len(sys.argv) > 3 else None)
        large(page, os.path.abspath(sys.argv[2]))
        complaints = page.complaints()
        check("the console is clean", not complaints, complaints[:3] if complaints else "")
    finally:
        page.close()
    print(f"{len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
