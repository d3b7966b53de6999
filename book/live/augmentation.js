// Two features of two classes and their mixture: the label loss of the mixed pair beside plain label smoothing.
drclLive.figures.augmentation = (host) => {
  const { Mat, augment, dot, gce, unitRows } = drclLive.core;
  const { svg, set, el, path, ...ui } = drclLive.ui;
  const [centre, radius] = [140, 115];
  const colours = ["var(--one)", "var(--two)", "var(--ink)"];
  const labels = Mat.of([[1, 0], [0, 1]]);
  let F;

  const mixed = (A, share) => augment(A, share, [1, 0]).take([0]);
  // The label loss at q = 0 of a feature with the mixed label; W's columns lie on the axes.
  const loss = (feature, share) => gce(feature.map((x) => x * long.value), mixed(labels, share), 0);
  const both = (share) => [loss(mixed(F, share), share), loss(F.take([0]), share)];

  const area = ui.stage(280, 270, "Two features, their mixture F′ and the columns of W");
  const at = ([x, y], unit = radius) => [centre + unit * x, centre - unit * y];
  const line = (stroke, width) => svg("path", { stroke, "stroke-width": width, opacity: 0.5 });
  const [first, second, chord, now] = [...colours, "var(--accent)"].map((colour, i) => line(colour, i < 2 ? 6 : 1.5));
  const knobs = colours.map((fill) => svg("circle", { r: 14, fill }));
  const names = ["f₁", "f₂", "F′"].map((text) => svg("text", { text, style: "fill:var(--paper);pointer-events:none" }));
  [0, 1].forEach((i) => ui.handle(knobs[i], area, `feature f${i + 1}`, {
    move: (x, y) => moved(i, x - centre, centre - y),
    nudge: (dx, dy) => moved(i, F.row(i)[0] + dx / 15, F.row(i)[1] - dy / 15),
  }));
  const circle = svg("circle", { cx: centre, cy: centre, r: radius, fill: "none", stroke: "var(--soft)" });
  area.append(circle, first, second, chord, knobs[2], names[2], ...knobs.slice(0, 2), ...names.slice(0, 2));
  function moved(i, x, y) {
    F.row(i).set([x, y]);
    F = unitRows(F);
    draw();
  }

  const curves = ui.chart({
    title: "label loss against γ, from 0 to 1", most: 3, height: 150,
    colours: { smoothing: "var(--four)", mixing: "var(--ink)" },
  });
  curves.node.append(now);
  const told = el("p", {});
  const goals = ui.missions([
    { text: "Make the curves one: here, mixing is label smoothing.", done: (s) => s.most < 0.03 },
    { text: "With f₁ and f₂ 90° apart or more, bring γ near 1 until the losses differ by less than 0.05.",
      done: (s) => dot(F.row(0), F.row(1)) < 0.01 && s.share > 0.8 && s.share < 1 && Math.abs(s.gain) < 0.05 },
    { text: "Find a mixture whose loss is lower than smoothing's by 1.", done: (s) => s.gain > 1 },
  ]);

  function draw() {
    const share = gamma.value;
    const [mixing, smoothing] = [0, 1].map((k) => Array.from({ length: 51 }, (_, i) => both(i / 50)[k].value));
    curves.update({ mixing, smoothing });
    set(now, { d: path([30 + 264 * share, 6], [30 + 264 * share, 132]) });
    const spots = [...F.rows(), mixed(F, share).row(0)].map((v) => at(v));
    spots.forEach(([cx, cy], i) => {
      set(knobs[i], { cx, cy });
      set(names[i], { x: cx - 5, y: cy + 4 });
    });
    set(chord, { d: path(spots[0], spots[1]) });
    [first, second].forEach((node, i) => set(node, { d: path(at([0, 0]), at(labels.row(i), 32 * long.value)) }));
    const [a, b] = both(share);
    const shown = [share, a.P.a[0], b.P.a[0], a.value, b.value].map((x) => x.toFixed(2));
    told.textContent = `Class 1: ${shown[0]} of the label; W reads ${shown[1]} from F′, ${shown[2]} from f₁. `
      + `Loss: mixing ${shown[3]}, smoothing ${shown[4]}.`;
    Object.assign(host.dataset, { mixing: a.value, smoothing: b.value });
    const most = Math.max(...mixing.map((x, i) => Math.abs(x - smoothing[i])));
    goals.check({ share, most, gain: b.value - a.value });
  }

  const range = (label, min, max) => ui.slider({ label, min, max, step: 0.01, value: 0, change: () => draw() });
  const [gamma, long] = [range("share γ", 0, 1), range("length of W", 0.5, 3.5)];
  function reset() {
    F = unitRows(Mat.of([[1, -0.15], [-0.2, 1]]));
    gamma.set(0.7);
    long.set(2.5);
    draw();
  }
  host.append(
    el("p", { text: "Drag f₁ (class 1) and f₂ (class 2), and slide γ. Black: F′ = γf₁ + (1−γ)f₂, its label mixed "
      + "alike. Pink: label smoothing, f₁ alone with that label. Bars: the columns of W." }),
    el("div", { class: "two" }, area, el("div", {}, curves.node, told,
      ui.controls(gamma.node, long.node, ui.button("reset", reset)), goals.node)),
  );
  reset();
};
