// Recasting: two columns of W to drag; the targets, their lengths and the condition number follow.
drclLive.figures.recasting = (host) => {
  const { Mat, pseudoInverse, norm, dot } = drclLive.core;
  const { svg, set, stage, slider, button, controls, status, missions, handle, place, el } = drclLive.ui;
  const [size, unit] = [360, 70];
  const area = stage(size, size, "Two columns of W and the targets of their classes, in the plane");
  const colours = ["var(--one)", "var(--two)"];
  const start = () => [[1.6, 0.3], [0.2, 1.4]];
  let columns = start();
  let ridge = 0;
  let points = [];

  const centre = size / 2;
  const at = ([x, y]) => [centre + unit * x, centre - unit * y];
  const back = (x, y) => [(x - centre) / unit, (centre - y) / unit];
  area.append(
    svg("circle", { cx: centre, cy: centre, r: unit, fill: "none", stroke: "var(--soft)", "stroke-width": 2 }),
    svg("path", { d: `M0 ${centre}H${size}M${centre} 0V${size}`, stroke: "var(--soft)" }),
  );
  const arrow = (colour, dashed) => svg("line", {
    x1: centre, y1: centre, stroke: colour, "stroke-width": 4, "stroke-dasharray": dashed ? "7 5" : null,
  });
  const shown = colours.map((colour, c) => {
    const parts = {
      column: arrow(colour, false),
      target: arrow(colour, true),
      name: svg("text", { text: `w${"₁₂"[c]}`, "font-weight": "bold" }),
      targetName: svg("text", { text: `r${"₁₂"[c]}` }),
      knob: svg("circle", { r: 13, fill: colour, "fill-opacity": 0.85 }),
    };
    area.append(parts.target, parts.column, parts.targetName, parts.name, parts.knob);
    handle(parts.knob, area, `column ${c + 1} of W`, {
      move: (x, y) => moved(c, back(x, y)),
      nudge: (dx, dy) => moved(c, [columns[c][0] + 0.05 * dx, columns[c][1] - 0.05 * dy]),
    });
    return parts;
  });
  const dots = svg("g", {});
  area.append(dots);
  const table = el("table", {});
  const told = status();
  const goals = missions([
    { text: "Make both targets shorter than 0.5.", done: (s) => s.lengths.every((x) => x < 0.5) },
    { text: "Bring the columns within 30° and see the targets part.", done: (s) => s.angle < 30 && s.ridge === 0 },
    { text: "Make κ(W) = 1: columns of one length at right angles.", done: (s) => s.kappa < 1.05 },
  ]);

  const clamp = (x) => Math.min(Math.max(x, -2.45), 2.45);
  function moved(c, to) {
    columns[c] = to.map(clamp);
    draw();
  }

  function state() {
    const W = Mat.of(columns).T;
    const R = pseudoInverse(W, Math.max(ridge, 1e-9));
    const [a, b] = columns;
    const angle = (u, v) => (Math.acos(Math.min(1, Math.max(-1, dot(u, v) / (norm(u) * norm(v) || 1)))) * 180) / Math.PI;
    const [p, q, r] = [dot(a, a), dot(b, b), dot(a, b)];
    const gap = Math.sqrt((p - q) ** 2 + 4 * r * r);
    const kappa = Math.sqrt((p + q + gap) / Math.max(p + q - gap, 1e-12));
    return {
      R: R.rows(), ridge, kappa, angle: angle(a, b), apart: angle(...R.rows()), lengths: R.rows().map(norm),
      read: points.map((x) => [dot(x, a), dot(x, b)]),
    };
  }

  function draw() {
    const s = state();
    shown.forEach((parts, c) => {
      const [x, y] = at(columns[c]);
      const [tx, ty] = at(s.R[c]);
      set(parts.column, { x2: x, y2: y });
      set(parts.knob, { cx: x, cy: y, "aria-valuetext": columns[c].map((v) => v.toFixed(2)).join(", ") });
      set(parts.name, { x: x + 14, y: y - 10 });
      set(parts.target, { x2: tx, y2: ty });
      set(parts.targetName, { x: tx + 8, y: ty + 16 });
    });
    dots.replaceChildren(...points.map((point, i) => {
      const [x, y] = at(point);
      return svg("circle", { cx: x, cy: y, r: 5, fill: colours[s.read[i][0] > s.read[i][1] ? 0 : 1], stroke: "var(--ink)" });
    }));
    const row = (...cells) => el("tr", {}, ...cells.map((text, i) => el(i ? "td" : "th", { text })));
    table.replaceChildren(
      row("", "columns w", "targets r"),
      row("lengths", columns.map((w) => norm(w).toFixed(2)).join(", "), s.lengths.map((x) => x.toFixed(2)).join(", ")),
      row("angle", `${s.angle.toFixed(0)}°`, `${s.apart.toFixed(0)}°`),
      row("κ(W)", s.kappa > 99 ? "> 99" : s.kappa.toFixed(2), ""),
    );
    told.textContent = s.kappa > 20
      ? "The columns point nearly the same way: their targets run off in opposite directions."
      : `A column twice as long has a target half as long. ${s.angle < 89 ? "Near columns get far targets." : ""}`;
    host.dataset.kappa = s.kappa.toFixed(3);
    goals.check(s);
  }

  const ridges = slider({
    label: "ridge λ", min: 0, max: 3, step: 0.05, value: 0, show: (x) => x.toFixed(2), change: (x) => { ridge = x; draw(); },
  });
  area.addEventListener("click", (event) => {
    if (event.target.closest(".handle")) return;
    points.push(back(...place(event, area)));
    draw();
  });
  const reset = () => {
    [columns, points, ridge] = [start(), [], 0];
    ridges.set(0);
    draw();
  };
  host.append(
    el("div", { class: "two" }, area, el("div", {}, table, told, goals.node)),
    controls(ridges.node, button("reset", reset)),
    el("p", { text: "Solid arrows are the columns of W: drag them. Dashed arrows are the targets, the rows of W⁺. Click "
      + "the plane to drop an encoder's output there; its colour is the class that W reads from it." }),
  );
  draw();
};
