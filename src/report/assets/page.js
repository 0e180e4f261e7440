// What every report's script begins with: words, pictures, figures with their files, tables.
// One of count.js and diff.js follows and ends it.  No library, no network.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const main = document.querySelector("main");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const MARK = { fail: "\u2716", warn: "\u25b2", note: "\u25cf", pass: "\u2714", na: "\u2013" };
  const RANK = { fail: 0, warn: 1, note: 2, pass: 3, na: 4 };
  // Okabe and Ito's colours, told apart with any colour vision; grey for what nothing explains.
  const COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#98a2b3"];
  const LIGHT = { ink: "#1b2230", soft: "#5a6577", line: "#d9dee7", paper: "#ffffff" };
  const DARK = { ink: "#e7ebf2", soft: "#a4aec0", line: "#343d4d", paper: "#1b212b" };

  // ---- words and numbers ----
  const whole = (v) => Math.round(v).toLocaleString("en-US");
  const percent = (part, all) => (all > 0 ? (100 * part) / all : 0);
  const short = (v) =>
    v === null ? "n/a" : Math.abs(v) >= 1e4 || Number.isInteger(v) ? whole(v) : String(+v.toPrecision(3));
  const sum = (a) => a.reduce((s, v) => s + v, 0);
  const escape = (s) =>
    String(s).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
  const withUnit = (v, item) => `${short(v)}${item.unit ? ` ${item.unit}` : ""}`;
  const range = (item) =>
    item.low !== null && item.high !== null ? `${short(item.low)} to ${withUnit(item.high, item)}`
      : item.low !== null ? `at least ${withUnit(item.low, item)}`
        : item.high !== null ? `at most ${withUnit(item.high, item)}` : "";
  // The limit, and where the sample fails if that is further on.
  const limit = (item) =>
    [range(item),
      item.fail_low !== null && item.fail_low !== item.low ? `fails below ${withUnit(item.fail_low, item)}` : "",
      item.fail_high !== null && item.fail_high !== item.high ? `fails above ${withUnit(item.fail_high, item)}` : ""].filter(Boolean).join(", ");

  // ---- the page's elements: text is always set as text ----
  function make(tag, attributes = {}, ...children) {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attributes)) {
      if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
      else if (v !== null && v !== undefined) e.setAttribute(k, v);
    }
    e.append(...children);
    return e;
  }
  const verdictMark = (v) => make("span", { class: `verdict ${v}` }, `${MARK[v]} ${v}`);

  // ---- pictures: SVG as text, so that the same function draws page and file ----
  const text = (x, y, s, theme, more = "") =>
    `<text x="${x}" y="${y}" fill="${theme.ink}" font-size="12" ${more}>${escape(s)}</text>`;
  const rect = (x, y, w, h, fill, title) =>
    `<rect x="${x.toFixed(2)}" y="${y.toFixed(2)}" width="${Math.max(w, 0).toFixed(2)}" height="${Math.max(h, 0).toFixed(2)}" fill="${fill}">` +
    `<title>${escape(title)}</title></rect>`;
  const svg = (w, h, label, theme, body) =>
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-label="${escape(label)}" ` +
    `font-family="system-ui, 'DejaVu Sans', sans-serif"><rect width="${w}" height="${h}" fill="${theme.paper}"/>${body}</svg>`;

  // Round steps of 1, 2 or 5 times a power of ten: about 'about' of them up to 'top'.
  function ticks(top, about = 4) {
    if (!(top > 0)) return [0, 1];
    const raw = top / about, base = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((m) => m * base).find((v) => v >= raw);
    const out = [];
    for (let i = 0; i * step < top + step; i++) out.push(+(i * step).toPrecision(12));
    return out;
  }

  // As much of a text as fits into so many pixels, by the usual width of its letters.
  const widthOf = (c) => (/[A-Z0-9mw_%]/.test(c) ? 7.4 : /[iljtfr.,()\-' ]/.test(c) ? 4.2 : 6.7);
  function cut(s, px) {
    let used = 0;
    const n = [...s].findIndex((c) => (used += widthOf(c)) > px);
    return n < 0 ? s : `${s.slice(0, Math.max(1, n - 1))}\u2026`;
  }

  // As many lines as the names need between left and right.
  function legend(names, colours, left, right, y, theme) {
    let body = "", x = left, lines = 1;
    names.forEach((n, i) => {
      const w = 16 + 7 * n.length;
      if (x > left && x + w > right) {
        x = left;
        y += 17;
        lines++;
      }
      body += rect(x, y - 9, 11, 11, colours[i], n) + text(x + 16, y + 1, n, theme);
      x += w + 14;
    });
    return { body, lines };
  }

  // Stacked columns.  o: names, colours, stacks[x][series], labels[x], x, y (axis titles with unit), every
  function columns(o, theme) {
    const W = 560, left = 60, right = 10, bottom = 46;
    const key = o.names.length > 1 ? legend(o.names, o.colours, left, W - right, 18, theme) : { body: "", lines: 0 };
    const top = key.lines ? 17 + 17 * key.lines : 12, H = 246 + Math.max(34, top);
    const high = Math.max(...o.stacks.map(sum), 0), marks = ticks(o.top ?? high);
    const most = o.top ?? marks[marks.length - 1];
    const w = (W - left - right) / Math.max(o.stacks.length, 1);
    const yOf = (v) => H - bottom - (v / most) * (H - top - bottom);
    let body = key.body;
    for (const m of marks.filter((v) => v <= most))
      body += `<line x1="${left}" x2="${W - right}" y1="${yOf(m)}" y2="${yOf(m)}" stroke="${theme.line}"/>` +
        text(left - 6, yOf(m) + 4, short(m), theme, 'text-anchor="end"');
    const thin = w < 8 ? 0 : Math.min(3, w * 0.15);
    o.stacks.forEach((stack, i) => {
      let from = 0;
      stack.forEach((v, k) => {
        if (v > 0)
          body += rect(left + i * w + thin / 2, yOf(from + v), w - thin, yOf(from) - yOf(from + v), o.colours[k],
            `${o.labels[i]}: ${o.names[k]} ${short(v)}${o.unit ?? ""}`);
        from += v;
      });
      if (i % o.every === 0)
        body += text(left + (i + 0.5) * w, H - bottom + 16, cut(o.labels[i], w * o.every - 6), theme, 'text-anchor="middle"');
    });
    body += text((left + W - right) / 2, H - 8, o.x, theme, 'text-anchor="middle"') +
      text(0, 0, o.y, theme, `text-anchor="middle" transform="translate(14 ${(top + H - bottom) / 2}) rotate(-90)"`);
    return svg(W, H, o.title, theme, body);
  }

  // Horizontal bars.  o: rows of [label, value, note], colour, x
  function bars(o, theme) {
    const W = 560, left = 130, right = 125, top = 8, row = 19, H = top + row * Math.max(o.rows.length, 1) + 26;
    const most = Math.max(...o.rows.map((r) => r[1]), 1e-300);
    let body = "";
    o.rows.forEach(([label, v, note], i) => {
      const y = top + i * row, w = (v / most) * (W - left - right);
      body += text(left - 8, y + 13, cut(label, left - 12), theme, 'text-anchor="end"') +
        rect(left, y + 3, w, row - 6, o.colour, `${label}: ${note}`) + text(left + w + 6, y + 13, note, theme);
    });
    body += text(left, H - 7, o.x, theme);
    return svg(W, H, o.title, theme, body);
  }

  // A line through points [x, y], from 0 on.  o: points, colour, x, y (axis titles)
  function curve(o, theme) {
    const W = 560, left = 66, right = 24, top = 12, bottom = 46, H = 280;
    const xMarks = ticks(o.points[o.points.length - 1][0]), yMarks = ticks(Math.max(...o.points.map((p) => p[1])));
    const xOf = (v) => left + (v / xMarks[xMarks.length - 1]) * (W - left - right);
    const yOf = (v) => H - bottom - (v / yMarks[yMarks.length - 1]) * (H - top - bottom);
    const at = (p) => `${xOf(p[0]).toFixed(2)},${yOf(p[1]).toFixed(2)}`;
    let body = "";
    for (const m of yMarks)
      body += `<line x1="${left}" x2="${W - right}" y1="${yOf(m)}" y2="${yOf(m)}" stroke="${theme.line}"/>` +
        text(left - 6, yOf(m) + 4, short(m), theme, 'text-anchor="end"');
    for (const m of xMarks) body += text(xOf(m), H - bottom + 16, short(m), theme, 'text-anchor="middle"');
    body += `<polyline points="${[[0, 0], ...o.points].map(at).join(" ")}" fill="none" stroke="${o.colour}" stroke-width="2"/>`;
    for (const p of o.points)
      body += `<circle cx="${xOf(p[0]).toFixed(2)}" cy="${yOf(p[1]).toFixed(2)}" r="3" fill="${o.colour}">` +
        `<title>${escape(`${whole(p[0])} ${o.x}: ${whole(p[1])} ${o.y}`)}</title></circle>`;
    body += text((left + W - right) / 2, H - 8, o.x, theme, 'text-anchor="middle"') +
      text(0, 0, o.y, theme, `text-anchor="middle" transform="translate(14 ${(top + H - bottom) / 2}) rotate(-90)"`);
    return svg(W, H, o.title, theme, body);
  }

  // Points over two logarithmic axes, and a line.  o: points of [label, x, y], slope, intercept (or null), colour, x, y
  function logScatter(o, theme) {
    const W = 560, H = 280, left = 60, right = 12, top = 12, bottom = 46;
    const log = (v) => Math.log10(v), span = (v) => [Math.floor(Math.min(...v)), Math.max(Math.ceil(Math.max(...v)), Math.floor(Math.min(...v)) + 1)];
    const [x0, x1] = span(o.points.map((p) => log(p[1]))), [y0, y1] = span(o.points.map((p) => log(Math.max(p[2], 1))));
    const xOf = (v) => left + ((v - x0) / (x1 - x0)) * (W - left - right), yOf = (v) => H - bottom - ((v - y0) / (y1 - y0)) * (H - top - bottom);
    let body = "";
    for (let k = x0; k <= x1; k += Math.ceil((x1 - x0) / 8))
      body += `<line x1="${xOf(k)}" x2="${xOf(k)}" y1="${top}" y2="${H - bottom}" stroke="${theme.line}"/>` +
        text(xOf(k), H - bottom + 16, short(10 ** k), theme, 'text-anchor="middle"');
    for (let k = y0; k <= y1; k++)
      body += `<line x1="${left}" x2="${W - right}" y1="${yOf(k)}" y2="${yOf(k)}" stroke="${theme.line}"/>` +
        text(left - 6, yOf(k) + 4, short(10 ** k), theme, 'text-anchor="end"');
    if (o.slope !== null) {
      const ends = [x0, x1, (y0 - o.intercept) / o.slope, (y1 - o.intercept) / o.slope].filter((v) => {
        const y = o.intercept + o.slope * v;
        return v >= x0 && v <= x1 && y >= y0 - 1e-9 && y <= y1 + 1e-9;
      });
      const a = Math.min(...ends), b = Math.max(...ends);
      if (ends.length > 1)
        body += `<line x1="${xOf(a)}" y1="${yOf(o.intercept + o.slope * a)}" x2="${xOf(b)}" y2="${yOf(o.intercept + o.slope * b)}" stroke="${theme.ink}"/>`;
    }
    for (const [label, x, y] of o.points)
      body += `<circle cx="${xOf(log(x)).toFixed(2)}" cy="${yOf(log(Math.max(y, 1))).toFixed(2)}" r="4" fill="${y > 0 ? o.colour : theme.paper}" stroke="${o.colour}">` +
        `<title>${escape(`${label}: ${short(x)} added, ${whole(y)} counted`)}</title></circle>`;
    body += text((left + W - right) / 2, H - 8, o.x, theme, 'text-anchor="middle"') +
      text(0, 0, o.y, theme, `text-anchor="middle" transform="translate(14 ${(top + H - bottom) / 2}) rotate(-90)"`);
    return svg(W, H, o.title, theme, body);
  }

  // ---- files ----
  function save(name, type, parts) {
    const url = URL.createObjectURL(new Blob(parts, { type }));
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }
  function savePng(name, source) {
    const image = new Image();
    image.onload = () => {
      const canvas = make("canvas", { width: image.width * 2, height: image.height * 2 });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((b) => save(name, "image/png", [b]));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
  }
  const tsv = (header, rows) =>
    [header, ...rows].map((r) => r.map((v) => String(v ?? "").replace(/[\t\n\r]/g, " ")).join("\t")).join("\n") + "\n";

  // A figure: caption, picture, and its three files.  draw(theme) gives SVG text.
  const figures = new Set();
  function figure(title, file, draw, table, note) {
    const place = make("div", { class: "scroll" });
    const f = make("figure", {},
      make("figcaption", {}, make("h3", {}, title), make("span", { class: "tools" },
        make("button", { type: "button", onclick: () => save(`${file}.svg`, "image/svg+xml", [draw(LIGHT)]) }, "SVG"),
        make("button", { type: "button", onclick: () => savePng(`${file}.png`, draw(LIGHT)) }, "PNG"),
        make("button", { type: "button", onclick: () => save(`${file}.tsv`, "text/tab-separated-values", [tsv(...table())]) }, "TSV"))),
      place, note ? make("p", { class: "soft" }, note) : "");
    f.redraw = () => { place.innerHTML = draw(dark.matches ? DARK : LIGHT); };
    f.redraw();
    figures.add(f);
    return f;
  }
  dark.addEventListener("change", () => figures.forEach((f) => (f.isConnected ? f.redraw() : figures.delete(f))));

  // ---- a table of any number of rows: only those in sight exist ----
  const ROW = 31;
  function listing(o) {
    let rows = o.rows.slice(), key = o.sort, down = o.down ?? false, chosen = o.chosen ?? null;
    const body = make("tbody"), box = make("div", { class: "window", tabindex: "-1" });
    const heads = o.columns.map((c, i) =>
      make("th", { scope: "col", class: c.number ? "n" : null, style: c.width ? `width:${c.width}` : null },
        make("button", { type: "button", onclick: () => { down = key === i ? !down : !!c.number; key = i; order(); } }, c.title)));
    box.append(make("table", { style: o.wide ? "min-width:65rem" : null, "aria-label": o.label, "aria-rowcount": rows.length }, make("thead", {}, make("tr", {}, ...heads)), body));
    const found = make("span", { class: "soft", "aria-live": "polite" });
    const search = make("input", { type: "search", placeholder: o.hint, size: o.hint.length, "aria-label": o.hint, oninput: filter });

    const spacer = (height) => make("tr", { class: "spacer", "aria-hidden": "true" },
      make("td", { colspan: o.columns.length, style: `height:${height}px` }));
    function draw() {
      const all = rows.length <= 60 || document.documentElement.dataset.print;
      const from = all ? 0 : Math.max(0, Math.floor(box.scrollTop / ROW) - 10);
      const to = all ? rows.length : Math.min(rows.length, from + Math.ceil((box.clientHeight || 400) / ROW) + 20);
      const shown = rows.slice(from, to), stop = shown.includes(chosen) ? chosen : shown[0]; // one stop of the Tab key
      body.replaceChildren(spacer(from * ROW), ...shown.map((r) => {
        const tr = make("tr", o.choose ? { tabindex: r === stop ? "0" : "-1", "aria-selected": String(r === chosen) } : {},
          ...o.columns.map((c) => make("td", { class: c.number ? "n" : null, title: c.number ? null : c.value(r) }, c.show ? c.show(r) : String(c.value(r)))));
        if (o.choose) {
          tr.addEventListener("click", () => pick(r));
          tr.addEventListener("keydown", (e) => move(e, r));
        }
        return tr;
      }), spacer((rows.length - to) * ROW));
    }
    function order() {
      const value = o.columns[key].rank ?? o.columns[key].value;
      rows.sort((a, b) => {
        const x = value(a), y = value(b);
        const d = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
        return (down ? -d : d) || o.rows.indexOf(a) - o.rows.indexOf(b);
      });
      heads.forEach((h, i) => (i === key ? h.setAttribute("aria-sort", down ? "descending" : "ascending") : h.removeAttribute("aria-sort")));
      box.scrollTop = 0;
      draw();
    }
    function filter() {
      // Words in any order; what stands in quotes as it is.
      const words = (search.value.toLowerCase().match(/"[^"]+"|[^\s"]+/g) ?? []).map((w) => w.replaceAll('"', ""));
      rows = o.rows.filter((r) => { const s = o.text(r).toLowerCase(); return words.every((w) => s.includes(w)); });
      found.textContent = words.length ? `${whole(rows.length)} of ${whole(o.rows.length)}` : `${whole(o.rows.length)} ${o.things}`;
      order();
    }
    function pick(r, focus) {
      chosen = r;
      const at = rows.indexOf(r) * ROW;
      if (focus && (at < box.scrollTop || at > box.scrollTop + box.clientHeight - 3 * ROW)) box.scrollTop = Math.max(0, at - 3 * ROW);
      draw();
      if (focus) body.querySelector("[aria-selected=true]")?.focus({ preventScroll: true });
      o.choose(r);
    }
    function move(e, r) {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 }[e.key];
      if (e.key === "Enter" || e.key === " ") pick(r, true);
      else if (step) pick(rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(r) + step))], true);
      else return;
      e.preventDefault();
    }
    let waiting = false;
    box.addEventListener("scroll", () => {
      if (!waiting && rows.length > 60) requestAnimationFrame(() => { waiting = false; draw(); });
      waiting = rows.length > 60;
    });
    addEventListener("beforeprint", () => { document.documentElement.dataset.print = "1"; draw(); });
    addEventListener("afterprint", () => { delete document.documentElement.dataset.print; draw(); });
    filter();
    return { element: make("div", {}, make("div", { class: "bar" }, search, found, o.more ?? ""), box), pick, first: () => rows[0],
      find: (words) => { search.value = words; filter(); search.focus(); } };
  }
