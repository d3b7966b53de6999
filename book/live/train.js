// DRCL trained in the page, on real features of "numbers": both stages in a worker, switches, curves, a search.

// What the worker runs; it gets the text of drclCore, too. One message with the task, then one for each epoch.
function drclTrainer(self) {
  const { Mat, Adam, random, unitRows, throughUnit, gce, label, intra, inter, mse, pseudoInverse, augment,
    meanAveragePrecision, oneHot, dot, norm } = self.drclLive.core;

  // Linear – ReLU – Linear without bias – unit rows, as the package's encoder with one hidden layer.
  class Encoder {
    constructor(d, hidden, dim, source) {
      const even = (n, bound) => Float64Array.from({ length: n }, () => bound * (2 * source.uniform() - 1));
      this.shape = [d, hidden, dim];
      this.a = new Mat(d, hidden, even(d * hidden, 1 / Math.sqrt(d)));
      this.bias = even(hidden, 1 / Math.sqrt(d));
      this.b = new Mat(hidden, dim, even(hidden * dim, 1 / Math.sqrt(d)));
    }
    get parts() {
      return [this.a.a, this.bias, this.b.a];
    }
    forward(X) {
      const H = X.times(this.a);
      for (let i = 0; i < H.n; i++) H.row(i).forEach((x, j, row) => (row[j] = Math.max(0, x + this.bias[j])));
      const out = H.times(this.b);
      return (this.last = { X, H, out, F: unitRows(out) }).F;
    }
    backward(gradient) {
      const { X, H, out, F } = this.last;
      const g = throughUnit(out, F, gradient);
      const h = g.times(this.b.T).map((x, i) => (H.a[i] > 0 ? x : 0));
      const bias = new Float64Array(h.d);
      for (let i = 0; i < h.n; i++) h.row(i).forEach((x, j) => (bias[j] += x));
      return [X.T.times(h).a, bias, H.T.times(g).a];
    }
  }

  // The first C columns of a random orthogonal matrix, by Gram and Schmidt: W⁰.
  function orthogonal(dim, classes, source) {
    const columns = [];
    while (columns.length < classes) {
      const v = Float64Array.from({ length: dim }, () => source.normal());
      for (const u of columns) {
        const along = dot(u, v);
        v.forEach((x, i) => (v[i] = x - along * u[i]));
      }
      const length = norm(v);
      columns.push(v.map((x) => x / length));
    }
    return Mat.of(columns.map((v) => Array.from(v))).T;
  }

  const optimisers = (parts, rate) => parts.map((part) => new Adam(part.length, rate));
  const step = (adams, parts, gradients) => adams.forEach((adam, i) => adam.step(parts[i], gradients[i]));

  function* batches(n, size, source) {
    const order = source.permutation(n);
    for (let i = 0; i < n; i += size) yield order.slice(i, i + size);
  }

  const q = (epoch) => Math.min(1, 0.03 * epoch);

  // Stage 1, SPL: an encoder and W learn together to classify; the W of the best epoch counts.
  function learnPrior({ X, Y }, start, s, source, report) {
    const encoder = new Encoder(X.d, s.hidden, s.dim, source);
    const W = new Mat(start.n, start.d, start.a.slice());
    const parts = [...encoder.parts, W.a];
    const adams = optimisers(parts, s.prior_learning_rate);
    let best = { score: -1 };
    for (let epoch = 1; epoch <= s.prior_epochs; epoch++) {
      for (const index of batches(X.n, s.batch_size, source)) {
        const F = encoder.forward(X.take(index));
        const loss = gce(F.times(W), Y.take(index), q(epoch));
        step(adams, parts, [...encoder.backward(loss.gradient.times(W.T)), F.T.times(loss.gradient).a]);
      }
      const { P } = label(encoder.forward(X), Y, W, 1);
      const score = dot(P.a, Y.a) / X.n;
      if (score > best.score) best = { score, W: new Mat(W.n, W.d, W.a.slice()) };
      report({ epoch, score });
    }
    return best;
  }

  // Stage 2, RSC: a fresh encoder against the frozen W; the epoch with the best validation mAP counts.
  function fitEncoder({ X, Y, held }, W, s, source, report) {
    const encoder = new Encoder(X.d, s.hidden, s.dim, source);
    const inverted = pseudoInverse(W);
    const adams = optimisers(encoder.parts, s.learning_rate);
    const classes = Array.from({ length: W.d }, (_, c) => c);
    let best = { map: -1 };
    for (let epoch = 1; epoch <= s.epochs; epoch++) {
      for (const index of batches(X.n, s.batch_size, source)) {
        const F = encoder.forward(X.take(index));
        const order = source.permutation(index.length);
        const [mixed, y] = [F, Y.take(index)].map((A) => augment(A, s.gamma, order));
        const R = y.times(inverted);
        const terms = [[s.alpha, intra(R, mixed)], [s.alpha, inter(R, mixed)], [s.beta, mse(R, mixed)],
          [s.eta, label(mixed, y, W, q(epoch))]];
        const sum = new Mat(F.n, F.d);
        terms.forEach(([weight, term]) => term.gradient.a.forEach((g, i) => (sum.a[i] += weight * g)));
        const back = sum.map((g) => s.gamma * g);
        order.forEach((from, at) => sum.row(at).forEach((g, j) => (back.row(from)[j] += (1 - s.gamma) * g)));
        step(adams, encoder.parts, encoder.backward(back));
      }
      const map = meanAveragePrecision(inverted, classes, encoder.forward(held.X), held.y);
      if (map > best.map) best = { map, parts: encoder.parts.map((part) => part.slice()) };
      report({ epoch, map });
    }
    encoder.parts.forEach((part, i) => part.set(best.parts[i]));
    return encoder;
  }

  self.onmessage = ({ data: { modalities, settings: s, seed } }) => {
    const began = Date.now();
    const classes = 10;
    const names = Object.keys(modalities);
    const sets = names.map((name) => {
      const mat = ({ n, d, a }) => new Mat(n, d, Float64Array.from(a));
      const { train, validation, test } = modalities[name];
      return { name, X: mat(train), Y: oneHot(train.y, classes), test: { X: mat(test), y: test.y },
        held: { X: mat(validation), y: validation.y } };
    });
    const tell = (message) => self.postMessage({ ...message, seconds: (Date.now() - began) / 1000 });
    const stream = (name, purpose) => random(seed * 1000 + names.indexOf(name) * 10 + purpose);
    const rows = (encoders) => sets.map(({ test }, i) => encoders[i].forward(test.X));
    const score = (F) => [[0, 1], [1, 0]].map(([a, b]) => meanAveragePrecision(F[a], sets[a].test.y, F[b], sets[b].test.y));
    const before = rows(sets.map(({ X, name }) => new Encoder(X.d, s.hidden, s.dim, stream(name, 3))));
    tell({ stage: "before", maps: score(before), rows: before });

    let [W, source, scores] = [orthogonal(s.dim, classes, random(seed)), "random", {}];
    if (s.prior === "selected") {
      const learned = sets.map((own) => learnPrior(own, W, s, stream(own.name, 1),
        (report) => tell({ stage: "prior", modality: own.name, ...report })));
      const first = learned[0].score >= learned[1].score ? 0 : 1;
      [W, source] = [learned[first].W, names[first]];
      learned.forEach((one, i) => (scores[names[i]] = one.score));
    }
    tell({ stage: "selected", source, scores });
    const encoders = sets.map((own) => fitEncoder(own, W, s, stream(own.name, 2),
      (report) => tell({ stage: "consistency", modality: own.name, ...report })));
    const F = rows(encoders);
    tell({ stage: "done", maps: score(F), rows: F });
  };
}

drclLive.figures.train = (host, given) => {
  const { Mat, ranking, unitRows, mean } = drclLive.core;
  const { el, set, button, choice, toggle, controls, status, chart } = drclLive.ui;
  const names = Object.keys(given.data);
  let [pair, worker, found, shown, asked] = [["writing", "sign"], null, null, "after", 18];
  let seed = 0;

  const bytes = (text) => Int8Array.from(atob(text), (c) => c.charCodeAt(0));
  const table = (name, part) => {
    const { d, size, [part]: own } = given.data[name];
    return { n: own.y.length, d, a: Float64Array.from(bytes(own.x), (x) => x / size), y: own.y };
  };
  const modality = (name) => Object.fromEntries(["train", "validation", "test"].map((part) => [part, table(name, part)]));

  const menus = [0, 1].map((i) => choice(i ? "and" : "modalities", names, pair[i], (name) => {
    if (name === pair[1 - i]) menus[1 - i].input.value = pair[1 - i] = pair[i];
    pair[i] = name;
    stop();
    [found, asked] = [null, 18];
    draw();
  }));
  const spl = toggle("learned prior (else a random one)", true, () => {});
  const recasting = toggle("recast targets", true, () => {});
  const augmenting = toggle("feature augmentation", true, () => {});
  const go = button("train", () => (worker ? stop() : start()), { "aria-pressed": "false" });
  const busy = (on) => set(go, { text: on ? "stop" : "train", "aria-pressed": `${on}` });
  const again = button("another seed", () => { seed += 1; start(); });
  const told = status("Two encoders, each on its own, without pairs: a few seconds.");
  const colours = () => ({ [pair[0]]: "var(--one)", [pair[1]]: "var(--two)" });
  const charts = el("div", { class: "two" });
  const scores = el("table", {});
  const search = el("div", { class: "search" });
  let lines = {};

  function start() {
    stop();
    const on = (box) => box.input.checked;
    const weight = on(recasting) ? 0.1 : 0;
    const settings = { ...given.settings, prior: on(spl) ? "selected" : "random", gamma: on(augmenting) ? 0.9 : 1,
      alpha: weight, beta: weight, eta: 1 };
    const code = `${drclCore}\ndrclCore(self);\n${drclTrainer}\ndrclTrainer(self);`;
    worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => listen(data);
    worker.onerror = (event) => { stop(); told.textContent = `It stopped: ${event.message}`; };
    found = { prior: {}, consistency: {}, maps: {}, rows: {} };
    pair.forEach((name) => { found.prior[name] = []; found.consistency[name] = []; });
    busy(true);
    host.dataset.state = "training";
    worker.postMessage({ modalities: Object.fromEntries(pair.map((name) => [name, modality(name)])), settings, seed });
  }

  function stop() {
    if (worker) worker.terminate();
    worker = null;
    busy(false);
  }

  function listen(message) {
    const { stage, modality: name, epoch } = message;
    if (stage === "prior") {
      found.prior[name].push(message.score);
      told.textContent = `Stage 1, a prior on ${name}: epoch ${epoch}.`;
    } else if (stage === "consistency") {
      found.consistency[name].push(message.map);
      told.textContent = `Stage 2, the encoder of ${name}: epoch ${epoch}.`;
    } else if (stage === "selected") {
      found.source = message.source;
    } else {
      const when = stage === "done" ? "after" : "before";
      found.maps[when] = message.maps;
      found.rows[when] = message.rows.map(({ n, d, a }) => new Mat(n, d, a));
    }
    if (stage === "done") finish(message);
    draw();
  }

  function finish({ maps, seconds }) {
    stop();
    const prior = found.source === "random" ? "a random prior" : `the prior of ${found.source}`;
    told.textContent = `Done in ${seconds.toFixed(1)} seconds, with ${prior}. Now try the search below.`;
    Object.assign(host.dataset, { state: "done", map: mean(maps).toFixed(4), seconds: seconds.toFixed(1) });
  }

  const cells = (tag, values) => el("tr", {}, ...values.map((text, i) => el(i ? tag : "th", { text })));
  const known = () => given.scores[pair.join(" ")] || given.scores[[...pair].reverse().join(" ")];

  function draw() {
    if (found && lines.pair !== pair.join()) {
      const plot = (title) => chart({ title, colours: colours() });
      lines = { pair: pair.join(), prior: plot("SPL: quality score by epoch"), map: plot("RSC: validation mAP by epoch") };
      const key = pair.map((name, i) => el("span", { text: `● ${name} `, style: `color:var(--${["one", "two"][i]})` }));
      charts.replaceChildren(lines.prior.node, lines.map.node, el("div", {}, ...key));
    }
    if (found) {
      lines.prior.update(found.prior);
      lines.map.update(found.consistency);
    } else {
      charts.replaceChildren();
      lines = {};
    }
    const percent = (x) => x.toFixed(3);
    const line = (title, maps) => cells("td", [title, ...(maps ? [...maps, mean(maps)].map(percent) : ["", "", ""])]);
    const { SM, PyTorch } = known();
    scores.replaceChildren(
      cells("th", ["mAP, test items", `${pair[0]} → ${pair[1]}`, `${pair[1]} → ${pair[0]}`, "mean"]),
      line("before training", found?.maps.before),
      line("DRCL, trained here", found?.maps.after),
      cells("td", ["logistic regression", "", "", percent(SM)]),
      cells("td", ["DRCL by PyTorch, ten seeds", "", "",
        `${percent(Math.min(...PyTorch))} to ${percent(Math.max(...PyTorch))}`]),
    );
    drawSearch();
  }

  const card = (item, right) => {
    const face = item.picture ? el("img", { src: item.picture, alt: item.title, width: 44, height: 44 })
      : el("span", { class: "words", text: item.title });
    const mark = right === undefined ? "" : right ? "✓" : "✗";
    return el("span", { class: "hit", "data-right": right === undefined ? null : `${right}` }, face,
      el("small", { text: `${mark} ${item.y}` }));
  };

  function drawSearch() {
    if (!found?.rows[shown]) {
      search.replaceChildren();
      return;
    }
    const [items, gallery] = pair.map((name) => given.items[name]);
    const item = items[asked % items.length];
    const [queries, answers] = found.rows[shown];
    const some = unitRows(answers.take(gallery.map(({ row }) => row)));
    const first = ranking(unitRows(queries).row(item.row), some).slice(0, 6).map((i) => gallery[i]);
    const pick = items.filter((_, i) => i % 6 === 0).map((one, i) => {
      const node = button("", () => { asked = 6 * i; draw(); }, {
        "aria-label": `search by ${pair[0]}: ${one.y}`, "aria-pressed": String(6 * i === asked) });
      node.append(card(one));
      return node;
    });
    const when = ["before", "after"].filter((name) => found.rows[name]).map((name) =>
      button(`${name} training`, () => { shown = name; draw(); }, { "aria-pressed": String(shown === name) }));
    search.replaceChildren(
      el("p", { text: `Choose a query of ${pair[0]}; the nearest items of ${pair[1]} answer.` }),
      el("div", { class: "controls" }, ...pick), el("div", { class: "controls" }, ...when),
      el("div", { class: "found", "aria-live": "polite" }, ...first.map((one) => card(one, one.y === item.y))),
    );
  }

  host.append(
    controls(...menus.map(({ node }) => node), go, again),
    controls(spl.node, recasting.node, augmenting.node),
    told, charts, scores, search,
  );
  draw();
};
