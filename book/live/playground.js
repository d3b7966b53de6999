// Points of two or three modalities: each modality trains alone, by DRCL's losses, against the same columns of W.
drclLive.figures.playground = (host) => {
  const { Mat, augment, dot, mean, norm, throughUnit, ...core } = drclLive.core;
  const { svg, set, button, controls, el, path, ...ui } = drclLive.ui;
  // Lengths on the stage: of a feature, of a column of W with length 1, of a pull of 1.
  const [size, centre, radius, unit, pull, n] = [340, 170, 140, 56, 24, 24];
  const shapes = ["M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0", "M-5-5H5V5H-5z", "M0-6L6 5H-6z"];
  const colours = ["var(--one)", "var(--two)", "var(--three)"];
  const paints = { intra: "var(--four)", inter: "var(--five)", mse: "var(--quiet)", label: "var(--ink)" };
  const terms = Object.keys(paints);
  const is = {
    intra: 0.1, inter: 0.1, mse: 0.1, label: 1, "q of GCE": 0, "share γ": 0.9, speed: 1, "length of W": 1.4, query: 0,
  };
  const y = Array.from({ length: n }, (_, i) => i % 3);
  const Y = core.oneHot(y, 3);
  let [D, media, seed] = [2, 2, 1];
  let F, W, L, globe, random, used, history, steps;

  const scale = (v, length) => v.map((x) => (x * length) / norm(v));
  const losses = (A, labels) => core.consistency(A, labels, Mat.of(W).T, L, is["q of GCE"]);

  // A step of gradient descent on the sphere, for each modality alone.
  function step() {
    const mixed = (A, order) => augment(A, is["share γ"], order);
    F = F.map((A) => {
      const [order, back] = [random.permutation(n), []];
      order.forEach((j, i) => (back[j] = i));
      const found = losses(mixed(A, order), mixed(Y, order));
      const sum = terms.reduce((all, name) => all.plus(found[name].gradient, is[name]), new Mat(n, D));
      return core.unitRows(A.plus(throughUnit(A, A, mixed(sum, back)), -0.04 * n));
    });
    terms.forEach((name) => is[name] && used.add(name));
    steps += 1;
  }
  function tick() {
    for (let i = 0; i < is.speed; i++) step();
    history = [...history.slice(-400), draw()];
  }

  // On the circle a column's tip follows the pointer; on the sphere the column keeps its length.
  function moved(c, x, y) {
    const flat = Math.hypot(x - centre, y - centre) / unit;
    const long = D === 2 ? Math.min(Math.max(flat, 0.3), 2.5) : norm(W[c]);
    const depth = Math.sqrt(Math.max(long ** 2 - flat ** 2, 0)) * (globe.spot(W[c])[2] < -1e-9 ? -1 : 1);
    W[c] = scale(globe.back(x, y, depth, unit), long);
    draw();
  }

  const area = ui.stage(size, size, "Points, the columns of W and their targets");
  const [under, over] = [svg("g", {}), svg("g", { "pointer-events": "none" })];
  const knobs = colours.map((fill, c) => ui.handle(svg("circle", { r: 12, fill }), area, `column ${c + 1} of W`, {
    move: (x, y) => moved(c, x, y),
    nudge: (dx, dy) => { const [x, y] = globe.spot(W[c], unit); moved(c, x + 4 * dx, y + 4 * dy); },
  }));
  area.addEventListener("pointerdown", ({ target: { dataset } }) => dataset.image && query.set(+dataset.image, true));
  function build() {
    W = [1.5, 3.6, 5.7].map((t) => scale([Math.cos(t), Math.sin(t), 0.6].slice(0, D), is["length of W"]));
    globe = ui.globe(area, { D, centre, radius, turned: () => draw() });
    area.replaceChildren(...globe.nodes, under, ...knobs, over);
    scatter();
  }
  function scatter() {
    random = core.random(seed);
    F = shapes.slice(0, media).map(() => core.unitRows(Mat.normal(n, D, random)));
    [steps, used, history] = [0, new Set(), []];
    draw();
  }

  // Losses, retrieval and what W reads, without augmentation.
  function read() {
    const found = F.map((A) => losses(A, Y));
    const maps = F.map((A, a) => F.flatMap((B, b) => (a === b ? [] : core.meanAveragePrecision(A, y, B, y))));
    const alone = used.size === 1 && [...used][0];
    const s = { found, alone, there: maps[0][0], back: maps[1][0], map: mean(maps.flat()), share: 0 };
    const reads = found.reduce((sum, { label }) => sum.plus(Y.T.times(label.P), 3 / n / media), new Mat(3, 3));
    reads.rows().forEach((row, a) => row.forEach((share, b) => {
      if (a !== b && share > s.share) Object.assign(s, { a, b, share });
    }));
    for (const name of terms) s[name] = mean(found.map((one) => one[name].value));
    return s;
  }

  const at = (m, i) => globe.spot(F[m].row(i), radius * (1 + 0.09 * (m - (media - 1) / 2)));
  const opacity = (depth) => (depth < -1e-9 ? 0.35 : 1);
  const line = (d, stroke, width, more) => svg("path", { d, stroke, fill: "none", "stroke-width": width, ...more });

  // A column with its target under it.
  function arrow(w, c) {
    const [cx, cy, depth] = globe.spot(w, unit);
    set(knobs[c], { cx, cy, opacity: opacity(depth), "aria-valuetext": w.map((v) => v.toFixed(3)).join() });
    return [
      line(path([centre, centre], globe.spot(L.row(c))), colours[c], 10, { "stroke-dasharray": "5 3", opacity: 0.5 }),
      line(path([centre, centre], [cx, cy]), colours[c], 4, { opacity: opacity(depth) }),
    ];
  }
  function point(m, i) {
    const [x, up, depth] = at(m, i);
    return svg("path", {
      d: shapes[m], fill: colours[y[i]], stroke: "var(--paper)", opacity: opacity(depth),
      transform: `translate(${x.toFixed(2)} ${up.toFixed(2)})`, "data-image": m ? null : i + 1,
    });
  }
  // From each point down a term's slope, times weight and n.
  function pulls(name, found) {
    const d = F.flatMap((A, m) => {
      const slope = throughUnit(A, A, found[m][name].gradient);
      return y.map((_, i) => {
        const [[x, up], [dx, dy]] = [at(m, i), globe.spot(slope.row(i), -n * pull * is[name])];
        return path([x, up], [x + dx - centre, up + dy - centre]);
      });
    });
    return line(d.join(""), paints[name], 2);
  }
  function draw() {
    L = core.pseudoInverse(Mat.of(W).T, 1e-4);
    const s = read();
    const i = is.query - 1;
    const near = i < 0 ? [] : core.ranking(F[0].row(i), F[1]).slice(0, 5);
    const asked = near.map((j) => path(at(0, i), at(1, j))).join("");
    under.replaceChildren(...W.flatMap(arrow), line(asked, "var(--ink)", 1.5),
      ...F.flatMap((_, m) => y.map((_, i) => point(m, i))));
    over.replaceChildren(...(is.gradients ? terms : []).map((name) => pulls(name, s.found)), ...W.map((w, c) => {
      const [x, up] = globe.spot(w, unit);
      return svg("text", { text: c + 1, x: x - 3, y: up + 4, style: "fill:var(--paper)" });
    }));
    told[0].textContent = `mAP ● → ■ ${s.there.toFixed(2)}, ■ → ● ${s.back.toFixed(2)}`;
    told[1].textContent = `W reads class ${s.a + 1} as ${s.b + 1} with probability ${s.share.toFixed(2)}.`;
    told[2].replaceChildren(...terms.map((name) =>
      el("span", {}, el("b", { text: " ━ ", style: `color:${paints[name]}` }), `${name} ${s[name].toFixed(2)}`)));
    // A random ranking has AP 0.414 where 8 of 24 are relevant.
    const series = (name) => history.map((one) => one[name]);
    curve.update({ there: series("there"), back: series("back"), chance: [0.414, 0.414] });
    goals.check(s);
    for (const name of [...terms, "map", "share"]) host.dataset[name] = s[name];
    return s;
  }

  const told = [el("b", {}), el("div", {}), el("div", {})];
  const lesson = ui.status();
  const curve = ui.chart({
    title: "mAP both ways; grey: chance", height: 110,
    colours: { chance: "var(--quiet)", there: "var(--ink)", back: "var(--four)" },
  });
  const mission = (text, test, learnt) => ({ text, done: (s) => test(s) && (lesson.textContent = learnt) });
  const goals = ui.missions([
    mission("Reach mAP 1 with label alone.", (s) => s.alone === "label" && s.map > 0.999,
      "The frozen W in the label loss is the same for all: it joins the modalities."),
    mission("Intra alone: bring its loss to 0 while mAP stays below 0.6.",
      (s) => s.alone === "intra" && s.intra < 0.02 && s.map < 0.6,
      "Each modality found the right shape, turned its own way: intra doesn't know which class is where. "
        + "Three tight groups placed at random have mAP 0.52."),
    mission("Label off: which of the others brings mAP to 0.95 alone?", (s) => s.alone === "mse" && s.map > 0.95,
      "mse does: all modalities share its targets, the rows of W⁺."),
    mission("Two columns within 20°, reset, play 100 steps: which classes does W mix up?",
      ({ a, b, share }) => dot(scale(W[a], 1), scale(W[b], 1)) > 0.936 && share > 0.25 && steps > 100,
      "The more two columns agree, the closer W brings their classes."),
  ]);
  const range = (name, max = 1, min = 0, step = 0.05) => ui.slider({ label: name, min, max, step, value: is[name],
    show: (x) => x || (name === "query" ? "none" : "0"), change: (x) => {
      is[name] = x;
      if (name === "length of W") W = W.map((w) => scale(w, x));
      draw();
    } });
  const query = range("query", n, 0, 1);
  const frames = ui.loop(host, tick);
  const play = button("▶ Play", () => {
    frames[frames.running ? "stop" : "start"]();
    play.textContent = frames.running ? "❚❚ Pause" : "▶ Play";
  }, { style: "font-size:1.3rem;padding:8px 30px;background:var(--accent);color:var(--paper)" });
  const pick = (label, options, work) => ui.choice(label, options, options[0], (x) => { work(x); build(); }).node;
  host.append(
    el("p", { text: "Each shape is a modality (● image, ■ text, ▲ audio), each colour a class. Every modality learns "
      + "alone: only W, the arrows, is shared. Will they meet? "
      + "Press Play. Then drag W, or reset and try other weights." }),
    el("div", { class: "two" }, area, el("div", {},
      controls(play, button("step", tick), button("reset", scatter), button("new seed", () => (seed += 1, scatter()))),
      ...told, curve.node, goals.node, lesson)),
    controls(...[...terms, "q of GCE"].map((name) => range(name).node), range("share γ", 1, 0.5).node,
      range("speed", 10, 1, 1).node, range("length of W", 2.5, 0.3, 0.1).node, query.node),
    controls(pick("modalities", ["2", "3"], (x) => (media = +x)),
      pick("on a", ["circle", "sphere"], (x) => (D = x === "circle" ? 2 : 3)),
      ui.toggle("gradients (a pull of 1 is a knob wide)", false, (on) => { is.gradients = on; draw(); }).node),
  );
  build();
};
