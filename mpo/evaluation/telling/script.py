"""What the report's page does in a browser: figures to look into, tables to sort.

Without it the page shows pictures, and tables in their order. It is one script, whose digest the
page's policy allows, and it reaches no network.
"""

SCRIPT = r"""
"use strict";
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const hidden = new Set();
  const plots = [];
  const chips = [];

  // --- figures ---
  const shade = (colour) => {  // a dark colour, made to be seen on a dark page; black becomes white
    const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    const light = (0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]) / 255;
    const mix = dark.matches ? (light ? Math.max(0, 0.42 - light) : 0.9) : 0;
    const mixed = parts.map((part) => Math.round(part + (255 - part) * mix));
    return "#" + mixed.map((part) => part.toString(16).padStart(2, "0")).join("");
  };

  const colours = new Map();
  const paint = (model, names, colour) => {
    for (const name of names) if (name in model) model[name] = colour;
  };
  const dress = (plot) => {
    const style = getComputedStyle(document.documentElement);
    const names = ["--ink", "--soft", "--line", "--paper"];
    const [ink, soft, line, paper] = names.map((name) => style.getPropertyValue(name).trim());
    for (const axis of [...plot.below, ...plot.left]) {
      paint(axis, ["axis_label_text_color", "major_label_text_color"], ink);
      paint(axis, ["axis_line_color", "major_tick_line_color"], soft);
    }
    for (const each of plot.center) {
      paint(each, ["grid_line_color"], line);
      paint(each, ["line_color", "text_color"], soft);
      paint(each, ["background_fill_color"], paper);
    }
    for (const each of plot.renderers) {
      const colour = colours.has(each.name) ? shade(colours.get(each.name)) : soft;
      if ("fill_color" in each.glyph) each.glyph.fill_color = {value: colour};
      if ("line_color" in each.glyph) each.glyph.line_color = {value: colour};
    }
  };
  const hide = (plot) => {
    for (const each of plot.renderers) each.visible = !hidden.has(each.name);
  };
  const toggle = (name) => {
    if (!hidden.delete(name)) hidden.add(name);
    plots.forEach(hide);
    refresh();
  };
  const refresh = () => {
    for (const [name, chip, line] of chips) {
      chip.setAttribute("aria-pressed", String(!hidden.has(name)));
      line.setAttribute("stroke", shade(colours.get(name)));
    }
  };

  const stroke = (dash) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 28 8");
    svg.setAttribute("aria-hidden", "true");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    const marks = {x1: 0, x2: 28, y1: 4, y2: 4, "stroke-width": 3};
    for (const [key, value] of Object.entries(marks)) line.setAttribute(key, value);
    line.setAttribute("stroke-dasharray", dash.join(" "));
    svg.append(line);
    return [svg, line];
  };
  const legend = (entries, references) => {
    const box = document.createElement("div");
    box.className = "legend";
    for (const {name, colour, dash} of entries) {
      colours.set(name, colour);
      const chip = document.createElement("button");
      chip.type = "button";
      const [svg, line] = stroke(dash);
      chip.append(svg, name);
      chip.title = "hide or show " + name + " in all figures";
      chip.addEventListener("click", () => toggle(name));
      chips.push([name, chip, line]);
      box.append(chip);
    }
    for (const {name, dash} of references) {
      const [svg, line] = stroke(dash);
      line.setAttribute("stroke", "currentColor");
      line.setAttribute("stroke-width", 1);
      const said = document.createElement("span");
      said.append(svg, name);
      box.append(said);
    }
    return box;
  };

  const show = async (figure, name, data) => {
    const box = figure.querySelector(".live");
    const roots = {};
    const grid = document.createElement("div");
    grid.className = data.panels.length > 1 ? "panels" : "panels lone";
    grid.style.setProperty("--panel", data.width + "rem");
    for (const {title, plot} of data.panels) {
      const panel = document.createElement("div");
      const head = document.createElement("div");
      head.className = "title";
      head.textContent = title;
      const place = document.createElement("div");
      place.id = roots[plot] = "plot-" + name + "-" + plot;
      panel.append(head, place);
      grid.append(panel);
    }
    box.append(legend(data.legend, data.references), grid);
    const before = Bokeh.documents.length;
    const item = {docid: name, roots, root_ids: Object.keys(roots)};
    await Bokeh.embed.embed_items({[name]: data.document}, [item]);
    for (const plot of Bokeh.documents[before].roots()) {
      if (matchMedia("(pointer: fine)").matches) {
        plot.toolbar.active_drag = plot.toolbar.tools.find((tool) => tool.type === "BoxZoomTool");
      }
      plots.push(plot);
      dress(plot);
      hide(plot);
    }
    refresh();
    figure.classList.add("shown");
  };

  const unpacked = (name) => {
    const packed = atob(document.querySelector("script." + name).textContent);
    const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };
  const ready = async () => {
    const library = document.createElement("script");  // one that the page's policy knows
    library.textContent = await unpacked("library");
    document.head.append(library);
    const data = JSON.parse(await unpacked("figures"));
    let queue = Promise.resolve();  // one after the other, and each when it comes into sight
    const watch = new IntersectionObserver((seen) => {
      for (const each of seen) {
        if (!each.isIntersecting) continue;
        watch.unobserve(each.target);
        const name = each.target.dataset.figure;
        queue = queue.then(() => show(each.target, name, data[name])).catch(console.error);
      }
    }, {rootMargin: "400px"});
    document.querySelectorAll("figure[data-figure]").forEach((each) => watch.observe(each));
    dark.addEventListener("change", () => { plots.forEach(dress); refresh(); });
  };
  const live = document.querySelector("script.library");
  if (live && window.DecompressionStream) ready().catch(console.error);

  // --- tables ---
  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell ? cell.textContent.trim() : "";
    if (cell && cell.className.includes("number")) {
      const found = text.replace(/[, \u00a0>=]/g, "").match(/^[-+]?[0-9.]+(e[-+]?[0-9]+)?/);
      return found ? Number(found[0]) : null;
    }
    return text;
  };
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "number" ? a - b : a.localeCompare(b, undefined, {numeric: true});
  };
  for (const table of document.querySelectorAll("table:not(.badges)")) {
    const heads = [...table.querySelectorAll("th")];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row) => [key(row, column), row]);
        rows.sort(([a], [b]) => (a === null || b === null || up ? compare(a, b) : compare(b, a)));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }
})();
"""
