  // The report of `exomir diff`: draws what report_diff.c wrote.  page.js stands before it.

  const UP = COLOURS[5], DOWN = COLOURS[0], REST = COLOURS[6], FDR = 0.05;
  const rows = data.rows.map(([feature, lfc, low, high, stat, p, fdr, mean, groups, tags, level, spread, trend, final], i) =>
    ({ i, feature, lfc, low, high, stat, p, fdr, mean, groups, tags, level, spread, trend, final }));
  const found = (r) => r.fdr !== null && r.fdr < FDR;
  const colourOf = (r) => (!found(r) ? REST : r.lfc > 0 ? UP : DOWN);
  const number = (v, digits = 3) => (v === null ? "NA" : Math.abs(v) >= 1e-3 || v === 0 ? String(+v.toPrecision(digits)) : v.toExponential(digits - 1));
  const groupColour = (g) => COLOURS[g < 0 ? 6 : g % 6];
  const SIGNS = { [UP]: `up, FDR < ${FDR}`, [DOWN]: `down, FDR < ${FDR}`, [REST]: "not found" };

  // ---- pictures ----
  // Round steps that cover low..high.
  function steps(low, high, about = 5, least = 0) {
    if (!(high > low)) return [low - 1, low, low + 1];
    const raw = Math.max((high - low) / about, least), base = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((m) => m * base).find((v) => v >= raw);
    const out = [];
    for (let k = Math.floor(low / step); k * step < high + step * 0.999; k++) out.push(+(k * step).toPrecision(12));
    return out;
  }
  const frame = { W: 560, H: 360, left: 64, right: 16, top: 40, bottom: 46 };

  // Points [x, y, colour, title, label or ""].  o: points, key [[name, colour]], x, y, lines [[points], colour], zero
  function scatter(o, theme) {
    const { W, H, left, right, top, bottom } = frame;
    const all = [...o.points, ...(o.lines ?? []).flatMap(([line]) => line)];
    const span = (k) => all.reduce(([a, b], p) => [Math.min(a, p[k]), Math.max(b, p[k])], [Infinity, -Infinity]);
    const least = o.log ? 1 : 0; // whole decades
    const xs = all.length ? steps(...span(0), 5, least) : [0, 1], ys = all.length ? steps(...span(1), 5, least) : [0, 1];
    const [x0, x1] = [xs[0], xs[xs.length - 1]], [y0, y1] = [ys[0], ys[ys.length - 1]];
    const xOf = (v) => left + ((v - x0) / (x1 - x0)) * (W - left - right);
    const yOf = (v) => H - bottom - ((v - y0) / (y1 - y0)) * (H - top - bottom);
    let body = legend(o.key.map((k) => k[0]), o.key.map((k) => k[1]), left, W - right, 18, theme).body;
    const mark = o.log ? (v) => (Math.abs(v) < 5 ? String(+(10 ** v).toPrecision(3)) : `1e${v}`) : short;
    for (const m of ys)
      body += `<line x1="${left}" x2="${W - right}" y1="${yOf(m)}" y2="${yOf(m)}" stroke="${theme.line}"/>` + text(left - 6, yOf(m) + 4, mark(m), theme, 'text-anchor="end"');
    for (const m of xs)
      body += `<line x1="${xOf(m)}" x2="${xOf(m)}" y1="${top}" y2="${H - bottom}" stroke="${theme.line}"/>` + text(xOf(m), H - bottom + 16, mark(m), theme, 'text-anchor="middle"');
    for (const [x, y, colour, title] of o.points)
      body += `<circle cx="${xOf(x).toFixed(1)}" cy="${yOf(y).toFixed(1)}" r="${o.r ?? 2.6}" fill="${colour}" fill-opacity="0.75"><title>${escape(title)}</title></circle>`;
    for (const [line, colour] of o.lines ?? [])
      body += `<polyline points="${line.map(([x, y]) => `${xOf(x).toFixed(1)},${yOf(y).toFixed(1)}`).join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`;
    body += labels(o.points.filter((p) => p[4]), xOf, yOf, theme);
    body += text((left + W - right) / 2, H - 8, o.x, theme, 'text-anchor="middle"') +
      text(0, 0, o.y, theme, `text-anchor="middle" transform="translate(14 ${(top + H - bottom) / 2}) rotate(-90)"`);
    return svg(W, H, o.title, theme, body);
  }
  // Names beside their points, left out where they would lie on one that is there.
  function labels(points, xOf, yOf, theme) {
    const taken = [];
    let body = "";
    for (const [x, y, , , label] of points) {
      const w = [...label].reduce((s, c) => s + widthOf(c), 0), cx = xOf(x), cy = yOf(y);
      const left = cx + 6 + w > frame.W - 4, at = left ? cx - 6 - w : cx + 6;
      if (at < frame.left || taken.some(([a, b, c]) => Math.abs(b - cy) < 13 && at < c && a < at + w)) continue;
      taken.push([at, cy, at + w]);
      body += text(at.toFixed(1), (cy + 4).toFixed(1), label, theme);
    }
    return body;
  }

  const byP = rows.filter((r) => r.p !== null).sort((a, b) => a.p - b.p);
  const named = new Set(byP.slice(0, 12).filter(found));
  const told = (r) => `${r.feature}: log2 fold change ${number(r.lfc)}, P ${number(r.p)}, FDR ${number(r.fdr)}`;
  const key = () => [UP, DOWN, REST].map((c) => [SIGNS[c], c]);
  const table = (columns) => () => [columns, rows.map((r) => columns.map((c) => r[c]))];

  const least = Math.min(...rows.filter((r) => r.p > 0).map((r) => r.p), 1);
  const volcano = () => figure("Volcano", "volcano", (t) => scatter({
    title: `volcano plot of ${data.contrast}`, key: key(), x: `log2 fold change, ${data.contrast}`, y: "-log10 P",
    points: rows.filter((r) => r.p !== null && r.lfc !== null).map((r) => [r.lfc, -Math.log10(Math.max(r.p, least)), colourOf(r), told(r), named.has(r) ? r.feature : ""]) }, t),
  table(["feature", "lfc", "p", "fdr"]));
  const ma = () => figure("Fold change by abundance", "ma", (t) => scatter({
    title: `fold change of ${data.contrast} by abundance`, key: key(), x: "mean log2 CPM", y: `log2 fold change, ${data.contrast}`,
    points: rows.filter((r) => r.lfc !== null).map((r) => [r.mean, r.lfc, colourOf(r), told(r), named.has(r) ? r.feature : ""]) }, t),
  table(["feature", "mean", "lfc", "fdr"]), "Fold changes should lie about 0 at every abundance; a slope means that the libraries are not on one scale.");

  function pcaFigure() {
    const share = data.pc_share.map((s) => `${(100 * s).toFixed(1)} %`), crowded = data.samples.length > 40;
    const groupKey = data.groups.length ? data.groups.map((g, i) => [g, groupColour(i)]) : [["sample", COLOURS[0]]];
    return figure("Samples by principal components", "pca", (t) => scatter({
      title: "principal components of the samples", key: groupKey, r: 4, x: `component 1 (${share[0]} of variance)`, y: `component 2 (${share[1]} of variance)`,
      points: data.samples.map((s) => [s.pc[0], s.pc[1], data.groups.length ? groupColour(s.group) : COLOURS[0], `${s.name}${s.group >= 0 ? `, ${data.groups[s.group]}` : ""}`, crowded ? "" : s.name]) }, t),
    () => [["sample", "group", "pc1", "pc2"], data.samples.map((s) => [s.name, data.groups[s.group] ?? "", ...s.pc])],
    "log2 CPM of all tested features, each less its mean. Samples that lie apart from their group deserve a look.");
  }
  function spreadFigure() {
    const points = rows.filter((r) => r.level !== null && r.spread !== null);
    if (data.engine === "edger") {
      const trend = points.slice().sort((a, b) => a.level - b.level).map((r) => [r.level, Math.sqrt(Math.sqrt(r.trend))]);
      return figure("Quasi-dispersions", "quasi-dispersions", (t) => scatter({
        title: "quasi-dispersions", key: [["feature alone", REST], ["squeezed", COLOURS[0]], ["prior", UP]], x: "mean log2 CPM", y: "fourth root of the quasi-dispersion",
        points: points.flatMap((r) => [[r.level, r.spread ** 0.25, REST, `${r.feature}: ${number(r.spread)} alone`, ""],
          [r.level, r.final ** 0.25, COLOURS[0], `${r.feature}: ${number(r.final)} squeezed`, ""]]),
        lines: [[trend, UP]] }, t), table(["feature", "level", "spread", "trend", "final"]));
    }
    if (data.engine === "voom")
      return figure("Mean and variance", "mean-variance", (t) => scatter({
        title: "mean-variance picture", key: [["feature", COLOURS[0]]], x: "mean log2 count", y: "square root of the SD of log2 CPM",
        points: points.map((r) => [r.level, r.spread, COLOURS[0], r.feature, ""]) }, t), table(["feature", "level", "spread"]),
      "The trend through these points gives each count its weight.");
    const log = Math.log10, ok = points.filter((r) => r.level > 0 && r.spread > 0);
    const trend = ok.filter((r) => r.trend > 0).sort((a, b) => a.level - b.level).map((r) => [log(r.level), log(r.trend)]);
    return figure("Dispersions", "dispersions", (t) => scatter({
      title: "dispersions", log: true, key: [["feature alone", REST], ["final", COLOURS[0]], ["trend", UP]], x: "mean normalised count", y: "dispersion",
      points: [...ok.map((r) => [log(r.level), log(Math.max(r.spread, 1e-4)), REST, `${r.feature}: ${number(r.spread)} alone`, ""]),
        ...ok.filter((r) => r.final > 0).map((r) => [log(r.level), log(Math.max(r.final, 1e-4)), COLOURS[0], `${r.feature}: ${number(r.final)} final`, ""])],
      lines: trend.length > 1 ? [[trend, UP]] : [] }, t), table(["feature", "level", "spread", "trend", "final"]), "Those below 0.0001 are drawn there.");
  }
  function histogram() {
    const BINS = 20, bins = Array(BINS).fill(0);
    byP.forEach((r) => bins[Math.min(BINS - 1, Math.floor(r.p * BINS))]++);
    return figure("P values", "p-histogram", (t) => columns({ title: "histogram of P", names: ["features"], colours: [COLOURS[0]], stacks: bins.map((b) => [b]),
      labels: bins.map((b, i) => (i / BINS).toFixed(2)), every: 5, x: "P (lower end of the bin)", y: "features" }, t),
    () => [["p_from", "features"], bins.map((b, i) => [i / BINS, b])],
    "Flat where nothing differs, with a peak at 0 for what does. A slope up to 1, or a hill in between, means that the model does not fit.");
  }

  // Average linkage on distances d[i][j]: the order of the leaves.
  function leaves(n, distance) {
    let nodes = [...Array(n).keys()].map((i) => ({ leaves: [i] }));
    const d = (a, b) => sum(a.leaves.flatMap((i) => b.leaves.map((j) => distance[i][j]))) / (a.leaves.length * b.leaves.length);
    let pairs = nodes.map((a, i) => nodes.map((b, j) => (i < j ? distance[i][j] : Infinity)));
    while (nodes.length > 1) {
      let bi = 0, bj = 1;
      pairs.forEach((row, i) => row.forEach((v, j) => { if (j > i && v < pairs[bi][bj]) [bi, bj] = [i, j]; }));
      const joined = { leaves: [...nodes[bi].leaves, ...nodes[bj].leaves] };
      nodes = [...nodes.filter((_, i) => i !== bi && i !== bj), joined];
      pairs = pairs.filter((_, i) => i !== bi && i !== bj).map((row) => row.filter((_, j) => j !== bi && j !== bj));
      pairs.forEach((row, i) => row.push(d(nodes[i], joined)));
      pairs.push(Array(nodes.length).fill(Infinity));
    }
    return nodes.length ? nodes[0].leaves : [];
  }
  const correlation = (a, b) => sum(a.map((v, i) => v * b[i])) / Math.max(Math.sqrt(sum(a.map((v) => v * v)) * sum(b.map((v) => v * v))), 1e-300);
  const distances = (v) => v.map((a) => v.map((b) => 1 - correlation(a, b)));
  const standard = (v) => {
    const m = sum(v) / v.length, sd = Math.sqrt(sum(v.map((x) => (x - m) ** 2)) / Math.max(v.length - 1, 1));
    return v.map((x) => (sd > 0 ? (x - m) / sd : 0));
  };
  // Blue over white (or the paper) to orange, told apart with any colour vision.
  function shade(z, theme) {
    const mix = (a, b, k) => "#" + [1, 3, 5].map((i) => Math.round(parseInt(a.slice(i, i + 2), 16) * (1 - k) + parseInt(b.slice(i, i + 2), 16) * k).toString(16).padStart(2, "0")).join("");
    return mix(theme.paper, z > 0 ? UP : DOWN, Math.min(Math.abs(z) / 2.5, 1));
  }
  const CLUSTERED = 250;
  const z = data.top.map(([, values]) => standard(values));
  const rowOrder = leaves(z.length, distances(z));
  const byGroup = data.samples.map((_, i) => i).sort((a, b) => data.samples[a].group - data.samples[b].group || a - b);
  const columnVectors = data.samples.map((_, s) => z.map((row) => row[s]));
  const columnOrder = data.samples.length > CLUSTERED || z.length < 2 ? byGroup : leaves(data.samples.length, distances(columnVectors));
  function heatmap(theme) {
    const W = 1120, left = 150, right = 12, row = 15, top = 58, n = data.samples.length, w = (W - left - right) / Math.max(n, 1);
    const H = top + row * z.length + (w >= 13 ? 92 : 14);
    let body = legend(data.groups, data.groups.map((_, i) => groupColour(i)), left, W - 330, 18, theme).body;
    [-2.5, -1.25, 0, 1.25, 2.5].forEach((v, k) => { body += rect(W - 300 + 26 * k, 8, 26, 11, shade(v, theme), `z ${v}`); });
    body += text(W - 300, 32, "-2.5", theme) + text(W - 170, 32, "2.5", theme, 'text-anchor="end"') + text(W - 160, 18, "z of log2 CPM", theme);
    columnOrder.forEach((s, k) => {
      const sample = data.samples[s];
      if (sample.group >= 0) body += rect(left + k * w, top - 14, w, 9, groupColour(sample.group), `${sample.name}, ${data.groups[sample.group]}`);
      rowOrder.forEach((r, i) => {
        body += `<rect x="${(left + k * w).toFixed(2)}" y="${top + i * row}" width="${(w + 0.3).toFixed(2)}" height="${row - 0.5}" fill="${shade(z[r][s], theme)}">` +
          `<title>${escape(`${rows[data.top[r][0]].feature}, ${sample.name}: log2 CPM ${number(data.top[r][1][s])}`)}</title></rect>`;
      });
      if (w >= 13)
        body += text(0, 0, cut(sample.name, 82), theme, `text-anchor="end" transform="translate(${(left + (k + 0.5) * w + 4).toFixed(1)} ${top + row * z.length + 6}) rotate(-90)"`);
    });
    rowOrder.forEach((r, i) => { body += text(left - 6, top + i * row + 11, cut(rows[data.top[r][0]].feature, left - 12), theme, 'text-anchor="end"'); });
    return svg(W, H, "heatmap of the features with the smallest P", theme, body);
  }
  const heatFigure = () => {
    const f = figure(`The ${z.length} features with the smallest P`, "heatmap", heatmap,
      () => [["feature", ...data.samples.map((s) => s.name)], data.top.map(([r, v]) => [rows[r].feature, ...v])],
      `log2 CPM, each row less its mean and over its SD. ${columnOrder === byGroup ? "Samples by group" : "Samples and features"} ordered by average linkage of 1 - correlation. They were chosen for their P: that groups look apart here is no evidence.`.replace("Samples by group ordered", "Samples by group; features ordered"));
    f.classList.add("wide");
    return f;
  };

  const STRIPS = 12;
  function strips(theme) {
    const chosen = data.top.slice(0, STRIPS), columnsOf = 4, w = 275, h = 165, groups = data.groups.length ? data.groups : ["all"];
    const W = w * columnsOf, H = h * Math.ceil(chosen.length / columnsOf) + 6;
    let body = "";
    chosen.forEach(([r, values], k) => {
      const x = (k % columnsOf) * w, y = Math.floor(k / columnsOf) * h, left = x + 46, right = x + w - 8, top = y + 24, low = y + h - 24;
      const marks = steps(Math.min(...values), Math.max(...values), 3), m0 = marks[0], m1 = marks[marks.length - 1];
      const yOf = (v) => low - ((v - m0) / (m1 - m0)) * (low - top);
      body += text(left, y + 15, cut(rows[r].feature, w - 130), theme, 'font-weight="600"') + text(right, y + 15, `FDR ${number(rows[r].fdr, 2)}`, theme, 'text-anchor="end"');
      for (const m of marks)
        body += `<line x1="${left}" x2="${right}" y1="${yOf(m).toFixed(1)}" y2="${yOf(m).toFixed(1)}" stroke="${theme.line}"/>` + text(left - 5, yOf(m) + 4, short(m), theme, 'text-anchor="end"');
      if (k % columnsOf === 0) body += text(0, 0, "log2 CPM", theme, `text-anchor="middle" transform="translate(${x + 12} ${(top + low) / 2}) rotate(-90)"`);
      const width = (right - left) / groups.length, seen = groups.map(() => 0);
      values.forEach((v, s) => {
        const g = Math.max(data.samples[s].group, 0), offset = (((seen[g]++ * 7) % 11) / 10 - 0.5) * width * 0.5;
        body += `<circle cx="${(left + (g + 0.5) * width + offset).toFixed(1)}" cy="${yOf(v).toFixed(1)}" r="2.6" fill="${groupColour(g)}" fill-opacity="0.75"><title>${escape(`${data.samples[s].name}: ${number(v)}`)}</title></circle>`;
      });
      groups.forEach((g, i) => { body += text(left + (i + 0.5) * width, low + 16, cut(g, width - 4), theme, 'text-anchor="middle"'); });
    });
    return svg(W, H, "samples of the features with the smallest P", theme, body);
  }
  const stripFigure = () => {
    const f = figure("Sample by sample", "strips", strips, () => [["feature", "sample", "group", "log2_cpm"],
      data.top.slice(0, STRIPS).flatMap(([r, v]) => v.map((x, s) => [rows[r].feature, data.samples[s].name, data.groups[data.samples[s].group] ?? "", x]))]);
    f.classList.add("wide");
    return f;
  };

  // ---- what needs attention ----
  const hits = rows.filter(found), up = hits.filter((r) => r.lfc > 0).length;
  function attention() {
    const all = [], say = (level, title, words) => all.push([level, title, words]);
    const red = hits.filter((r) => r.tags !== "NA");
    if (red.length) say("warn", "Red cells", `${whole(red.length)} of ${whole(hits.length)} found features are miRNAs of red cells (${red.slice(0, 6).map((r) => r.feature).join(", ")}${red.length > 6 ? " \u2026" : ""}): hemolysis may differ between the groups.`);
    const sizes = data.samples.map((s) => s.library), smallest = Math.min(...sizes), largest = Math.max(...sizes);
    if (largest > 10 * smallest) say("warn", "Library sizes", `differ ${short(largest / smallest)}-fold (${whole(smallest)} to ${whole(largest)}).`);
    const few = data.groups.map((g, i) => [g, data.samples.filter((s) => s.group === i).length]).filter(([, n]) => n > 0 && n < 3);
    if (few.length) say("warn", "Few replicates", `${few.map(([g, n]) => `${g}: ${n}`).join(", ")}. What is found may be one person's.`);
    const late = byP.filter((r) => r.p > 0.5).length, early = byP.length - late;
    if (byP.length >= 40 && late > 1.5 * early) say("warn", "P values", "pile up towards 1: variances are overstated, as with a batch that the design does not hold.");
    const withheld = rows.filter((r) => r.p === null).length;
    if (withheld) say("note", "Outliers", `P is withheld for ${whole(withheld)} features, where one sample carries the fit.`);
    return all;
  }
  const notes = attention();

  // ---- the page ----
  const column = (title, value, width) => ({ title, value: (r) => value(r) ?? Infinity, number: true, width, show: (r) => number(value(r)) });
  const results = listing({
    label: "features", wide: true, things: "features", hint: "Search feature or tag", rows, sort: 4, down: false,
    text: (r) => `${r.feature} ${r.tags} ${found(r) ? (r.lfc > 0 ? "up" : "down") : ""}`,
    columns: [
      { title: "Feature", value: (r) => r.feature, width: "12rem" },
      column("log2 FC", (r) => r.lfc, "5.5rem"),
      { title: "95 % interval", value: (r) => (r.low === null ? "NA" : `${number(r.low)} to ${number(r.high)}`), width: "10rem" },
      column("Statistic", (r) => r.stat, "6.5rem"), column("P", (r) => r.p, "6.2rem"), column("FDR", (r) => r.fdr, "6.2rem"),
      column("Mean log2 CPM", (r) => r.mean, "9rem"),
      ...data.groups.map((g, i) => column(`CPM ${g}`, (r) => r.groups[i], "6.5rem")),
      { title: "Tags", value: (r) => (r.tags === "NA" ? "" : r.tags), width: "6rem" }],
    more: make("button", { type: "button", onclick: () => save("diff.tsv", "text/tab-separated-values", [tsv(
      ["feature", "log2fc", "ci_low", "ci_high", "stat", "p", "fdr", "mean_log2_cpm", ...data.groups.map((g) => `mean_${g}`), "tags"],
      rows.map((r) => [r.feature, r.lfc, r.low, r.high, r.stat, r.p, r.fdr, r.mean, ...r.groups, r.tags]))]) }, "TSV") });
  main.append(
    make("header", {}, make("h1", {}, data.title), make("p", { class: "ruo" }, "Research use only. Not for diagnostic use."),
      make("p", {}, "Design ", make("code", {}, data.design), ", contrast ", make("code", {}, data.contrast), `; engine ${data.engine}, normalisation ${data.normalisation}`),
      make("p", { class: "soft" }, `${whole(rows.length)} of ${whole(data.features)} features tested in ${whole(data.samples.length)} samples; exomir ${data.version}`)),
    make("section", {}, make("h2", {}, "What needs attention"),
      make("p", {}, `${whole(hits.length)} features with an FDR below ${FDR}: ${whole(up)} up, ${whole(hits.length - up)} down.${notes.length ? "" : " Nothing stands against them here."}`),
      make("ul", { class: "attention" }, ...notes.map(([level, title, words]) => make("li", { class: level }, verdictMark(level), " ", make("strong", {}, title), ` ${words}`)))),
    make("section", {}, make("h2", {}, "What differs"), make("div", { class: "grid" }, volcano(), ma(), stripFigure(), heatFigure())),
    make("section", {}, make("h2", {}, "Features"), results.element),
    make("section", {}, make("h2", {}, "Does the model fit?"), make("div", { class: "grid" }, pcaFigure(), spreadFigure(), histogram())));
  document.documentElement.dataset.ready = "1";
  document.documentElement.dataset.readyMs = Math.round(performance.now());
})();
