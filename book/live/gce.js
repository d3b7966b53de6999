// GCE on points in the plane: a point's gradient counts p^q times that of cross entropy, so wrong labels fade.
drclLive.figures.gce = (host) => {
  const { Mat, Adam, gce, oneHot, random, mean } = drclLive.core;
  const { el, svg, set, slider, button, ...ui } = drclLive.ui;
  const colours = ["var(--one)", "var(--two)"];
  const { normal } = random(1);
  const truth = Array.from({ length: 60 }, (_, i) => i % 2);
  const X = Mat.of(truth.map((c) => [1.8 * c - 0.9 + 0.4 * normal(), 0.7 * c - 0.35 + 0.8 * normal(), 1]));
  const labels = [...truth];
  const wrong = (i) => labels[i] !== truth[i];
  let [w, adam, epoch, least, history, scores, gradient] = [];

  const area = ui.stage(360, 380, "Points of two classes and the line between them");
  const sides = svg("g", { "fill-opacity": 0.12, stroke: "var(--ink)", "stroke-width": 2 },
    ...[-900, 900].map((x, c) => svg("path", { d: `M0-900H${x}V900H0z`, fill: colours[c] })));
  const spots = X.rows().map(([x, y]) => [180 + 80 * x, 190 - 80 * y]);
  const marks = spots.map(([x, y], i) => svg("rect", {
    x: x - 7, y: y - 7, width: 14, height: 14, rx: truth[i] ? 1 : 7, cursor: "pointer", role: "button",
    tabindex: i ? -1 : 0,
  }));
  area.append(sides, ...marks);
  area.addEventListener("click", (event) => {
    const [x, y] = ui.place(event, area);
    const far = spots.map((spot) => Math.hypot(spot[0] - x, spot[1] - y));
    flip(far.indexOf(Math.min(20, ...far)));
  });
  area.addEventListener("keydown", ({ target, key }) => {
    const i = marks.indexOf(target);
    if (key === "Enter") flip(i);
    marks[i + { ArrowLeft: -1, ArrowRight: 1 }[key]]?.focus();
  });
  function flip(...some) {
    for (const i of some) if (marks[i]) labels[i] = 1 - labels[i];
    draw();
  }
  function reset() {
    [w, adam, epoch, least, history] = [Float64Array.of(0.02, -0.1, 0), new Adam(3, 0.05), 0, 1, [[], []]];
    draw();
  }
  function step() {
    least = Math.min(least, q());
    adam.step(w, gradient);
    epoch += 1;
    draw();
    history.forEach((values, i) => values.push(scores[i]));
    curves.update(history);
    return epoch % 300 > 0;
  }

  // The q of the next step.
  const q = () => (annealed.input.checked ? Math.min(1, rate.value * (epoch + 1)) : power.value);
  // The logits of the classes are 0 and z = w · (x, y, 1).
  function draw() {
    const z = X.times(new Mat(3, 1, w));
    const loss = gce(z.times(Mat.of([[0, 1]])), oneHot(labels, 2), q());
    gradient = X.T.times(loss.gradient).T.row(1);
    const weights = labels.map((c, i) => loss.P.row(i)[c] ** q());
    const accuracy = (of) => mean(of.map((c, i) => +(z.a[i] > 0 === c > 0)));
    const weight = (bad) => mean(weights.filter((_, i) => wrong(i) === bad));
    scores = [accuracy(truth), accuracy(labels), weight(false), weight(true)];
    const s = scores.map((x) => (x >= 0 ? x.toFixed(2) : "–"));
    told.textContent = `Accuracy: ${s[0]} on true labels, ${s[1]} on given ones. Mean weight: ${s[2]} of right labels, `
      + `${s[3]} of wrong ones.${learned(1) ? why : ""}`;
    marks.forEach((mark, i) => {
      const [fill, shown, bad] = [colours[labels[i]], weights[i].toFixed(3), wrong(i)];
      set(mark, {
        fill, "fill-opacity": shown, stroke: bad ? "var(--ink)" : fill, "stroke-width": 3,
        "aria-label": `${bad ? "wrong" : "right"} label, weight ${shown}`,
      });
    });
    const [a, b, c] = w.map((x) => x / Math.hypot(w[0], w[1]));
    set(sides, { transform: `matrix(${[a, -b, b, a, 180 - 80 * a * c, 190 + 80 * b * c]})` });
    if (annealed.input.checked) power.set(q());
    Object.assign(host.dataset, { epoch, q: q(), loss: loss.value, line: w });
    goals.check();
  }
  const learned = (q) => epoch > 50 && least >= q && scores[0] >= 0.95;
  const many = (c) => truth.filter((t, i) => t === c && wrong(i)).length > 7;
  const goals = ui.missions([
    { text: "Make a quarter (8) of a class wrong; reach 0.95 on the true labels.",
      done: () => learned(0) && [0, 1].some(many) },
    { text: "Find a q at which wrong labels weigh below 0.1.", done: () => scores[3] < 0.1 && learned(0) },
    { text: "Train with q = 1 from the first step. Does it learn?", done: () => learned(1) },
  ]);
  const power = slider({ label: "q", min: 0, max: 1, step: 0.01, value: 0, change: draw });
  const rate = slider({ label: "rate", min: 0.01, max: 0.1, step: 0.01, value: 0.03, change: draw });
  const annealed = ui.toggle("annealed: q = min(1, rate · epoch)", false, draw);
  const title = "accuracy: true labels green, given grey";
  const curves = ui.chart({ title, colours: ["var(--three)", "var(--quiet)"] });
  const told = el("p");
  const why = " q = 1 does learn: at first p ≈ ½, so all weights are equal, and Adam cancels a common factor.";
  const { start, stop } = ui.loop(host, step);
  host.append(
    el("p", { text: "Click points to make their labels wrong, then play. Reset and try a greater q. "
      + "Colour: label; shape: true class; filling: the weight p^q of the gradient." }),
    ui.controls(button("play", start), button("pause", stop), button("step", step), button("reset", reset),
      button("make 20 % wrong", () => flip(...random(9).permutation(60).slice(0, 12))),
      power.node, annealed.node, rate.node),
    el("div", { class: "two" }, area, el("div", {}, told, curves.node, goals.node)),
  );
  reset();
};
