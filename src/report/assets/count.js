  // The report of `exomir count`: draws what report_data.c wrote.  page.js stands before it.

  // ---- what needs attention ----
  // A check with the limits that hold for a sample: they differ by fluid.
  const sets = data.limits.map((l) => data.items.map((item, i) => ({ ...item, ...l.of[i] })));
  const findings = [], broken = new Map(data.samples.map((s) => [s, []]));
  data.samples.forEach((s) => s.checks.forEach(([value, verdict, reason], i) => {
    if (verdict !== "fail" && verdict !== "warn") return;
    const item = sets[s.limits][i], [, head, advice] = reason.match(/^(.*?)\. (.*)$/s) ?? [null, reason, ""];
    const beyond = value < item.low && item.low !== null ? item.low / Math.max(value, 1e-9) : value / item.high;
    findings.push({ s, i, item, verdict, head, advice, beyond });
    broken.get(s).push(findings[findings.length - 1]);
  }));
  broken.forEach((all) => all.sort((a, b) => RANK[a.verdict] - RANK[b.verdict]));
  const every = (n) => (n === data.samples.length ? (n === 1 ? "in the sample" : `in all ${whole(n)} samples`) : `in ${whole(n)} of ${whole(data.samples.length)} samples`);
  const SHOWN = 8;
  function group(all) {
    const { item } = all[0], limits = new Set(all.map((f) => limit(f.item))), advices = new Set(all.map((f) => f.advice));
    const worst = all.some((f) => f.verdict === "fail") ? "fail" : "warn";
    const line = (f) => make("li", {}, make("a", { href: "#sample", onclick: () => samples.pick(f.s) }, f.s.name),
      ` ${limits.size > 1 ? f.head : f.head.split(", ")[0]}${advices.size > 1 ? `. ${f.advice}` : ""}`);
    const names = make("ul", { class: advices.size > 1 ? null : "names" }, ...all.slice(0, SHOWN).map(line));
    const li = make("li", { class: worst }, verdictMark(worst), " ", make("strong", {}, item.title), ` ${every(all.length)}`,
      make("span", { class: "soft" }, ` (limit: ${limits.size > 1 ? "by fluid" : limit(item)}; ${item.source})`),
      advices.size === 1 && all[0].advice ? make("p", {}, all[0].advice) : "", names);
    if (all.length > SHOWN)
      names.append(make("li", { class: "rest" }, make("span", {}, `and ${whole(all.length - SHOWN)} more `), make("button", { type: "button", onclick: (e) => {
        e.target.closest("li").replaceWith(...all.slice(SHOWN).map(line));
      } }, "show"), " ", make("button", { type: "button", onclick: () => samples.find(`"${item.title}"`) }, "find in the table")));
    return li;
  }
  function attention() {
    const byItem = data.items.map(() => []), counts = { fail: 0, warn: 0, pass: 0 };
    findings.forEach((f) => byItem[f.i].push(f));
    data.samples.forEach((s) => counts[s.verdict]++);
    const groups = byItem.filter((all) => all.length);
    groups.forEach((all) => all.sort((a, b) => RANK[a.verdict] - RANK[b.verdict] || b.beyond - a.beyond));
    groups.sort((a, b) => RANK[a[0].verdict] - RANK[b[0].verdict] || b.length - a.length);
    const summary = Object.entries(counts).filter(([, n]) => n).flatMap(([v, n], k) => [k ? ", " : "", `${whole(n)} `, verdictMark(v)]);
    return [make("p", {}, ...summary, !groups.length ? ". No limit is broken in any sample." : data.samples.length > 1 ? ". The samples furthest beyond a limit come first." : "."),
      make("ul", { class: "attention" }, ...groups.map(group))];
  }

  // ---- all samples ----
  const names = data.groups.map((g, i) => [g, i]).filter(([g]) => g !== "");
  const groupNames = names.map(([g]) => g), groupColours = names.map(([, i]) => COLOURS[i]);
  const cargoOf = (s) => names.map(([, i]) => s.cargo[i]);
  const kept = (s) => s.fates[0];
  const checkOf = (s, id) => { const i = data.items.findIndex((x) => x.id === id); return i < 0 ? null : s.checks[i][0]; };

  const titles = (s) => broken.get(s).map((f) => f.item.title).join("; ");

  const detail = make("section", { id: "sample", "aria-live": "off" });
  const one = (title, value, shown, width = "8rem") => ({ title, value, number: true, width, show: (r) => shown(value(r)) });
  const samples = listing({
    label: "samples", wide: true, things: data.samples.length === 1 ? "sample" : "samples", hint: "Search sample, kit, verdict or check",
    rows: data.samples, sort: 1, chosen: null, choose: showSample,
    text: (s) => `${s.name} ${s.kit} ${s.verdict} ${data.limits[s.limits].name} ${titles(s)}`,
    columns: [
      { title: "Sample", value: (s) => s.name, width: "11rem" },
      { title: "Verdict", value: (s) => s.verdict, rank: (s) => RANK[s.verdict] * 1000 - broken.get(s).length, show: (s) => verdictMark(s.verdict), width: "6.5rem" },
      { title: "Kit", value: (s) => s.kit, width: "6.5rem" },
      one("Reads", (s) => s.reads, whole, "6.8rem"),
      one("Kept %", (s) => percent(kept(s), s.reads), (v) => v.toFixed(1), "6rem"),
      one("miRNA %", (s) => percent(s.cargo[0], kept(s)), (v) => v.toFixed(1), "6.5rem"),
      one("miRNAs", (s) => checkOf(s, "mirnas_1") ?? 0, whole, "6rem"),
      one("Molecules", (s) => (s.umi ? s.molecules : -1), (v) => (v < 0 ? "\u2013" : whole(v)), "6.8rem"),
      { title: "Beyond limits", value: (s) => (broken.get(s).length ? `${broken.get(s).length}: ${titles(s)}` : ""), rank: (s) => -broken.get(s).length },
    ],
    more: make("button", { type: "button", onclick: () => save("samples.tsv", "text/tab-separated-values", [tsv(
      ["sample", "verdict", "limits", "kit", "layout", "reads", ...data.fates.map((f) => f[0]), ...groupNames, ...data.items.map((i) => i.id)],
      data.samples.map((s) => [s.name, s.verdict, data.limits[s.limits].name, s.kit, s.layout, s.reads, ...s.fates, ...cargoOf(s), ...s.checks.map((c) => c[0])]))]) }, "TSV"),
  });

  const ordered = data.samples.slice().sort((a, b) => percent(b.cargo[0], kept(b)) - percent(a.cargo[0], kept(a)));
  const labelEvery = Math.max(1, Math.ceil(ordered.length / 6));
  function overview() {
    if (data.samples.length < 2) return "";
    const fateColours = [COLOURS[0], COLOURS[5], COLOURS[1], COLOURS[4], COLOURS[3], COLOURS[2], "#98a2b3", "#6d5aa8", "#5b4636"];
    const used = data.fates.map((f, i) => i).filter((i) => data.samples.some((s) => s.fates[i] > 0));
    return make("section", {}, make("h2", {}, "All samples"), make("div", { class: "grid" },
      figure("Cargo of kept reads", "cargo", (t) => columns({
        title: "cargo of kept reads per sample", names: groupNames, colours: groupColours, unit: " %", top: 100,
        stacks: ordered.map((s) => cargoOf(s).map((v) => percent(v, kept(s)))), labels: ordered.map((s) => s.name),
        every: labelEvery, x: "samples, by share of miRNA", y: "% of kept reads" }, t),
      () => [["sample", ...groupNames], ordered.map((s) => [s.name, ...cargoOf(s)])]),
      figure("Where reads went", "fates", (t) => columns({
        title: "fate of reads per sample", names: used.map((i) => data.fates[i][1]), colours: used.map((i) => fateColours[i]), unit: " %", top: 100,
        stacks: ordered.map((s) => used.map((i) => percent(s.fates[i], s.reads))), labels: ordered.map((s) => s.name),
        every: labelEvery, x: "samples, by share of miRNA", y: "% of reads" }, t),
      () => [["sample", "reads", ...data.fates.map((f) => f[0])], ordered.map((s) => [s.name, s.reads, ...s.fates])])));
  }

  // ---- one sample ----
  const LENGTH_FROM = 10;
  function lengthsFigure(s) {
    const last = s.lengths[0].length - 1, at = [...Array(last + 1 - LENGTH_FROM).keys()].map((k) => k + LENGTH_FROM);
    const label = (k) => (k === last ? `${k}+` : String(k));
    return figure("Insert length", `${s.name}.lengths`, (t) => columns({
      title: `insert lengths of ${s.name}`, names: groupNames, colours: groupColours,
      stacks: at.map((k) => names.map(([, g]) => s.lengths[g][k])), labels: at.map(label), every: 5,
      x: "insert length (nt)", y: "reads" }, t),
    () => [["length_nt", ...groupNames], at.map((k) => [label(k), ...names.map(([, g]) => s.lengths[g][k])])],
    "Each read under the class that explains it best.");
  }
  // What the tables of miRNAs, isomiRs and tRNA fragments count; flow, lengths and cargo are in reads.
  const unit = (s) => (s.umi ? "molecules" : "reads");
  const share = (v, all) => `${whole(v)} (${percent(v, all).toFixed(1)} %)`;
  function flowFigure(s) {
    const rows = data.fates.map(([, title], i) => [title, s.fates[i], share(s.fates[i], s.reads)]);
    const total = sum(s.fates);
    return figure("Read flow", `${s.name}.flow`, (t) => bars({ title: `fate of the reads of ${s.name}`, rows, colour: COLOURS[0], x: "reads" }, t),
      () => [["fate", "reads", "meaning"], data.fates.map(([name, , meaning], i) => [name, s.fates[i], meaning])],
      `${whole(s.reads)} reads in, ${whole(total)} accounted for${total === s.reads ? "" : ": THIS DIFFERS"}. Kept = ${s.classes.map((c) => c[0]).join(" + ")} + foreign + unannotated.`);
  }
  function cargoFigure(s) {
    const rows = [...s.classes.map(([name, v]) => [name, v, share(v, kept(s))]),
      ["foreign", s.foreign, share(s.foreign, kept(s))], ["unannotated", s.cargo[6], share(s.cargo[6], kept(s))]];
    const tied = sum(s.classes.map((c) => c[2]));
    return figure("Cargo", `${s.name}.cargo`, (t) => bars({ title: `cargo of ${s.name}`, rows, colour: COLOURS[2], x: "kept reads" }, t),
      () => [["class", "reads"], rows.map((r) => [r[0], r[1]])],
      tied ? `${whole(tied)} reads fit two classes equally well and are shared between them.` : null);
  }
  function spikeFigure(s) {
    const c = s.spikes, number = (v) => (v === null ? "n/a" : String(+v.toPrecision(4)));
    return figure("Spike-in calibration", `${s.name}.spikes`, (t) => logScatter({ title: `spike-ins of ${s.name}`, points: c.list,
      slope: c.slope, intercept: c.intercept, colour: COLOURS[3], x: "amount added", y: s.umi ? "molecules" : "reads" }, t),
    () => [["spike", "amount", "count", "recovery_percent"], c.list],
    `log10 count = ${number(c.intercept)} + ${number(c.slope)} log10 amount, R2 ${number(c.r2)}; seen with a chance of 95 % from ${number(c.lod)} on. Empty circles: not seen.`);
  }
  function trnaFigure(s) {
    const all = sum(s.trna.map((t) => t[1]));
    return figure("tRNA fragments", `${s.name}.trna`, (t) => bars({
      title: `types of tRNA fragments of ${s.name}`, rows: s.trna.map(([name, v]) => [name, v, share(v, all)]), colour: COLOURS[1], x: unit(s) }, t),
    () => [["type", unit(s), "meaning"], s.trna], "By place on the tRNA that explains it best; trna_fragments.counts.tsv has each sequence.");
  }
  // Molecules by their support, and how many a part of the reads would have shown.
  function umiFigures(s) {
    const u = s.umis, seen = ["1 read", "2 reads", "3 and more"].map((n, i) => [n, u.seen[i], share(u.seen[i], u.found)]);
    return [
      figure("Molecules by sequencing depth", `${s.name}.saturation`, (t) => curve({
        title: `molecules of ${s.name} by reads`, points: u.points, colour: COLOURS[0], x: "kept reads", y: "molecules" }, t),
      () => [["reads", "molecules"], u.points],
      `Expected in a part of the reads, drawn by chance. ${u.fresh.toFixed(1)} % of further reads would show new molecules.`),
      figure("Reads behind a molecule", `${s.name}.support`, (t) => bars({
        title: `molecules of ${s.name} by reads`, rows: seen, colour: COLOURS[0], x: "molecules" }, t),
      () => [["reads", "molecules"], seen.map((r) => [r[0], r[1]])],
      `${whole(u.pairs)} pairs of insert and UMI are ${whole(u.found)} molecules (${u.dedup}); ${u.duplicates.toFixed(1)} % of the reads are copies` +
      (u.corrected ? `; with those that chance is expected to have merged, ${whole(s.molecules)}.` : ".")),
    ];
  }
  function isomirFigures(s) {
    const i = s.isomirs, half = (i.d5.length - 1) / 2;
    const shiftLabel = (k) => (k === 0 ? `\u2264 ${-half}` : k === 2 * half ? `\u2265 +${half}` : k > half ? `+${k - half}` : String(k - half));
    const panel = (title, file, labels, values, x, note) => figure(title, `${s.name}.${file}`, (t) => columns({
      title: `${title} of ${s.name}`, names: [unit(s)], colours: [COLOURS[0]], unit: " %", stacks: values.map((v) => [percent(v, i.all)]),
      labels, every: 1, x, y: `% of miRNA ${unit(s)}` }, t), () => [["bin", unit(s)], labels.map((l, k) => [l, values[k]])], note);
    const open = s.poly_a ? "A poly-A kit: an insert's own 3' A are cut with the tail, so ends before an A may have been longer." : null;
    return [
      panel("5' end against the mature", "iso_5p", i.d5.map((_, k) => shiftLabel(k)), i.d5, "shift (nt; + is to the right)"),
      panel("3' end against the mature", "iso_3p", i.d3.map((_, k) => shiftLabel(k)), i.d3, "shift of the templated end (nt)", open),
      panel("Added 3' tail", "tails", i.tail.map((_, k) => String(k)), i.tail, "non-templated nt", open && "A poly-A kit: tails of A are never seen."),
      panel("Substitutions", "substitutions", data.regions, i.subs, "position on the mature"),
    ];
  }
  function checksTable(s) {
    const rows = s.checks.map(([value, verdict, reason], i) => ({ item: sets[s.limits][i], value, verdict, reason }))
      .sort((a, b) => RANK[a.verdict] - RANK[b.verdict]);
    return make("div", { class: "scroll" }, make("table", { "aria-label": "checks" },
      make("thead", {}, make("tr", {}, ...["Check", "Verdict", "Value", "Limit", "Source", "What it means"].map((h) => make("th", { scope: "col" }, h)))),
      make("tbody", {}, ...rows.map((r) => make("tr", {}, make("td", {}, r.item.title), make("td", {}, verdictMark(r.verdict)),
        make("td", { class: "n" }, r.value === null ? "n/a" : withUnit(r.value, r.item)), make("td", {}, limit(r.item)),
        make("td", { class: "soft" }, ["own choice", "as published"].includes(r.item.basis) ? r.item.source : r.item.basis), make("td", {}, r.reason))))));
  }
  function topTable(s) {
    const all = s.mirna;
    const rows = s.top.map(([name, em, unique, best], k) => ({ name, em, unique, best, k }));
    return listing({
      label: `commonest miRNAs of ${s.name}`, things: "miRNAs", hint: "Search miRNA", rows, sort: 1, down: true, text: (r) => r.name,
      columns: [{ title: "miRNA", value: (r) => r.name },
        { title: s.umi ? "Molecules (EM)" : "Reads (EM)", value: (r) => r.em, number: true, show: (r) => whole(r.em), width: s.umi ? "9rem" : "7.5rem" },
        { title: "% of miRNA", value: (r) => r.em, number: true, show: (r) => percent(r.em, all).toFixed(2), width: "7.2rem" },
        { title: "Unique", value: (r) => r.unique, number: true, show: (r) => whole(r.unique), width: "5.5rem" },
        { title: "Best", value: (r) => r.best, number: true, show: (r) => whole(r.best), width: "5.5rem" }],
    }).element;
  }
  function editingTable(s) {
    const rows = s.editing.map(([mirna, position, change, count, total, fdr, call, known]) => ({ mirna, position, change, count, total, fdr, call, known }));
    return listing({
      label: `substitutions in miRNAs of ${s.name}`, things: "sites", hint: "Search miRNA or call", rows, sort: 4, down: true, text: (r) => `${r.mirna} ${r.change} ${r.call} ${r.known}`,
      columns: [{ title: "miRNA", value: (r) => r.mirna }, { title: "Position", value: (r) => r.position, number: true, width: "6rem" },
        { title: "Change", value: (r) => r.change, width: "6rem" }, { title: "Call", value: (r) => (r.known ? `${r.call} ${r.known}` : r.call), width: "11rem" },
        { title: "Level %", value: (r) => percent(r.count, r.total), number: true, show: (r) => percent(r.count, r.total).toFixed(2), width: "6rem" },
        { title: "Of", value: (r) => r.total, number: true, show: (r) => whole(r.total), width: "7rem" },
        { title: "FDR", value: (r) => r.fdr ?? 2, number: true, show: (r) => (r.fdr === null ? "n/a" : r.fdr.toPrecision(2)), width: "7rem" }],
    }).element;
  }
  function showSample(s) {
    const top = s.top.slice(0, 20).map(([name, v]) => [name, v, share(v, s.mirna)]);
    const found = broken.get(s);
    detail.replaceChildren(
      make("h2", {}, `Sample ${s.name} `, verdictMark(s.verdict)),
      found.length ? make("ul", { class: "attention" }, ...found.map((f) => make("li", { class: f.verdict }, verdictMark(f.verdict), " ", make("strong", {}, f.item.title), `: ${f.head}. ${f.advice}`))) : "",
      make("p", {}, s.kit === "none" ? "No adapter: the reads came trimmed. " : `Kit ${s.kit}${s.umi ? `, UMI of ${s.umi} nt` : ""}: `, make("code", {}, s.layout)),
      make("p", { class: "soft" }, s.evidence || "The kit was named, not inferred."),
      make("p", { class: "soft" }, `Judged by the limits for ${data.limits[s.limits].name}; all checks stand at the end.`),
      s.umi ? make("p", { class: "soft" }, "miRNAs, isomiRs and tRNA fragments are counted in molecules, as in the tables; flow, lengths and cargo in reads.") : "",
      make("div", { class: "grid" }, lengthsFigure(s), flowFigure(s), cargoFigure(s),
        ...(s.trna.some((t) => t[1] > 0) ? [trnaFigure(s)] : []), ...(s.umis ? umiFigures(s) : []), ...(s.spikes ? [spikeFigure(s)] : [])),
      make("h2", {}, "Commonest miRNAs"),
      make("div", { class: "grid" },
        figure("Commonest miRNAs", `${s.name}.mirnas`, (t) => bars({ title: `commonest miRNAs of ${s.name}`, rows: top, colour: COLOURS[0], x: `${unit(s)} (EM)` }, t),
          () => [["mirna", "em", "unique", "best"], s.top], `${whole(s.top.length)} commonest are in the table; all are in mirna.counts.tsv.`), topTable(s)),
      make("h2", {}, "IsomiRs"),
      make("p", {}, `${percent(s.isomirs.canonical, s.isomirs.all).toFixed(1)} % of ${whole(s.isomirs.all)} miRNA ${unit(s)} are exactly the mature.`),
      make("div", { class: "grid" }, ...isomirFigures(s)),
      ...(s.editing ? [make("h2", {}, "Editing and other substitutions"), editingTable(s)] : []),
      make("h2", {}, "Checks"), checksTable(s));
  }

  // ---- the page ----
  const counted = data.samples.length === 1 ? "1 sample" : `${whole(data.samples.length)} samples`;
  main.append(
    make("header", {}, make("h1", {}, data.title), make("p", { class: "ruo" }, "Research use only. Not for diagnostic use."),
      make("p", { class: "soft" }, `${counted}; exomir ${data.version}; reference ${data.reference}`),
      data.command && data.command !== "count" ? make("p", { class: "soft" }, "Options: ", make("code", {}, data.command)) : ""),
    make("section", {}, make("h2", {}, "What needs attention"), ...attention()),
    make("section", {}, make("h2", {}, "Samples"), samples.element),
    overview(), detail);
  if (data.samples.length) samples.pick(samples.first());
  document.documentElement.dataset.ready = "1";
  document.documentElement.dataset.readyMs = Math.round(performance.now());
})();
