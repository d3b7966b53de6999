// Unit columns that repel each other, down the gradient of log Σ exp(2 cos) over all pairs; and a learned prior.
drclLive.figures.repulsion = (host, data) => {
  const { Mat, unitRows, random, mean } = drclLive.core;
  const { el, svg, set, slider, button, ...ui } = drclLive.ui;
  const { classes, frames } = data || { frames: [] };
  const [centre, radius, stroke] = [180, 150, "var(--accent)"];
  let [C, D, W, arrows, rest, even, uneven] = [4, 3];
  const area = ui.stage(360, 360, "Columns of W on a sphere");
  const gram = set(ui.stage(360, 340, "The cosines of all pairs"), { style: "max-width:500px" });
  const globe = ui.globe(area, { D: 3, centre, radius, turned: () => draw() });

  function reset() {
    W = unitRows(Mat.normal(C, D, random(4)));
    arrows = W.rows().map((_, c) => {
      const knob = ui.handle(svg("circle", { fill: stroke }), area, `column ${c + 1}`, {
        move: (x, y) => aim(c, x, y),
        nudge: (...by) => aim(c, ...by.map((d, k) => globe.spot(W.row(c))[k] + 8 * d)),
      });
      const name = svg("text", { text: c + 1, style: "fill:var(--paper);pointer-events:none" });
      return [svg("line", { x1: centre, y1: centre, stroke, "stroke-width": 3 }), knob, name];
    });
    area.replaceChildren(...globe.nodes, ...arrows.flat());
    draw((rest = false));
  }
  // What is drawn of a column goes where the pointer is; its other coordinates keep their proportions.
  function aim(c, x, y) {
    const [x0, y0, depth] = globe.spot(W.row(c));
    const height = (x, y) => Math.sqrt(Math.max(1 - Math.hypot(x - centre, y - centre) ** 2 / radius ** 2, 1e-6));
    const k = height(x, y) / height(x0, y0);
    W.row(c).set([...globe.back(x, y, depth * k), ...W.row(c).slice(3).map((value) => value * k)]);
    W = unitRows(W);
    draw((rest = false));
  }
  function step() {
    if (rest) return;
    const push = W.times(W.T).map((x, i) => (i % (C + 1) ? Math.exp(2 * x) : 0));
    const next = unitRows(W.plus(push.times(W), -0.06 / C / mean(push.a)));
    rest = next.plus(W, -1).a.every((x) => Math.abs(x) < 1e-4);
    W = next;
    draw();
  }

  function draw() {
    arrows.forEach(([line, knob, name], c) => {
      const [x, y, depth] = globe.spot(W.row(c));
      const opacity = 0.65 + 0.35 * depth;
      set(line, { x2: x, y2: y, opacity });
      set(knob, { cx: x, cy: y, r: 11 + 3 * depth, opacity });
      set(name, { x: x - 4, y: y + 4 });
    });
    const frame = frames[epochs.value];
    const rows = frame ? frame.gram : W.times(W.T).rows();
    paint(rows, frame ? classes : rows.map((_, i) => i + 1), frame ? 75 : 20);
    area.style.display = frame ? "none" : "";
    const pairs = rows.flatMap((row, i) => row.slice(0, i).map((x, j) => [x, i, j])).sort((a, b) => a[0] - b[0]);
    const [far, near] = [pairs[0], pairs.at(-1)];
    const found = [far[0], mean(pairs.map(([x]) => x)), near[0], -1 / (rows.length - 1)].map((x) => x.toFixed(2));
    even = rest && !frame && near[0] - far[0] < 0.01;
    uneven = rest && !frame && !even;
    const names = ([, i, j]) => `${classes[j]} and ${classes[i]}`;
    const end = frame ? `Nearest: ${names(near)}; farthest: ${names(far)}.` : even ? "All are equal."
      : uneven ? `No room: ${C} equal cosines need ${C - 1} dimensions.` : "";
    told.textContent = `Cosines: least ${found[0]}, mean ${found[1]}, greatest ${found[2]}; `
      + `−1/(C−1) is ${found[3]}. ${end}`;
    Object.assign(host.dataset, { cosines: found, columns: W.a, rest });
    goals.check();
  }
  function paint(rows, names, left) {
    const size = (360 - left) / rows.length;
    const style = `font-size:${Math.min(13, size / 2.4)}px`;
    const text = (x, i, end, text) => svg("text", { x, y: (i + 0.5) * size + 4, "text-anchor": end, text, style });
    const cell = (x, i, j) => svg("rect", {
      x: left + j * size, y: i * size, width: size - 1, height: size - 1,
      "fill-opacity": Math.min(0.6, Math.abs(2 * x)),
      fill: i === j ? "var(--soft)" : x < 0 ? "var(--one)" : "var(--two)",
    });
    set(gram, { viewBox: `0 0 360 ${360 - left}` }).replaceChildren(...rows.flatMap((row, i) => [
      text(left - 5, i, "end", names[i]),
      ...row.flatMap((x, j) => [cell(x, i, j), text(left + (j + 0.5) * size, i, "middle", x.toFixed(2))]),
    ]));
  }

  const goals = ui.missions([
    { text: "Play until four columns have equal cosines.", done: () => even && C === 4 },
    { text: "Find a C for which three dimensions have no room.", done: () => uneven },
    { text: "Give those columns many dimensions.", done: () => even && C > 4 },
    { text: "Which classes are nearest at the end of SPL?", done: () => epochs.value === last },
  ].slice(0, data ? 4 : 3));
  const told = el("p");
  const count = slider({ label: "columns C", min: 2, max: 8, step: 1, value: C, change: (x) => { C = x; reset(); } });
  const room = ui.choice("dimensions", ["3", "8"], "3", (x) => { D = +x; reset(); });
  const show = (i) => (frames[i] ? `epoch ${frames[i].epoch}` : "off");
  const last = frames.length - 1;
  const epochs = slider({ label: "learned prior:", min: -1, max: last, step: 1, value: -1, show, change: draw });
  const { start, stop } = ui.loop(host, step);
  host.append(
    el("p", { text: "Press play: the columns of W repel each other, down the gradient of log Σ exp(2 cos) over pairs. "
      + "Drag a column, or turn the sphere. Of 8 dimensions 3 are drawn." }),
    ui.controls(button("play", start), button("pause", stop), button("step", step), button("reset", reset), count.node,
      room.node, data && epochs.node),
    el("div", { class: "two" }, area, el("div", {}, gram, told, goals.node)),
  );
  reset();
};
