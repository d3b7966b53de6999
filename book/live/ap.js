// Average precision: ten tiles to bring into another order, AP@k, precision and recall.
drclLive.figures.ap = (host) => {
  const { averagePrecision, random, mean } = drclLive.core;
  const { el, svg, set, stage, slider, button, controls, status, missions, handle, chart } = drclLive.ui;
  const places = Array.from({ length: 10 }, (_, i) => i);
  const area = set(stage(360, 84, "Ten results"), { style: "max-width: 600px" });
  const text = (x, y, style, text) => svg("text", { x, y, style, text, "text-anchor": "middle" });
  const under = places.map((i) => text(36 * i + 18, 77, "font-weight: bold"));
  const tiles = places.map((i) => {
    const sign = text(18, 47, "fill: var(--paper); font-size: 20px");
    const tile = svg("g", {}, svg("rect", { width: 32, height: 42, rx: 5, x: 2, y: 19 }), sign);
    area.append(text(36 * i + 18, 13, "", i + 1), under[i], tile);
    const nudge = (dx) => move(tile, row.indexOf(tile) + dx);
    return handle(tile, area, "", { move: (x) => move(tile, Math.floor(x / 36)), nudge });
  });
  const curves = chart({ title: "recall from 0 to 1", colours: { yours: "var(--three)", blind: "var(--two)" } });
  set(curves.node.lastChild, { "stroke-dasharray": "5 4" });
  const told = status();
  const goals = missions([
    { text: "Make AP@5 = 1 with most of the right tiles missed.", done: (s) => s.missed && s.ap === 1 && k === 5 },
    { text: "Swap two neighbours so that AP falls the most.", done: (s) => s.worst },
    { text: "Is one wrong at place 1 worse, or three at 8 to 10? Try both.", done: () => seen[1] && seen["8,9,10"] },
  ]);
  let [row, k, seed] = [tiles, 10, 0];
  const seen = {};

  const hits = (right, place) => right.slice(0, place + 1).filter(Boolean).length;
  const score = (order = row) => averagePrecision(order.map((tile) => tile.right), k);
  // Interpolated precision at eleven recalls.
  function precision(right) {
    const so = places.map((i) => hits(right, i));
    const best = (t) => Math.max(...so.map((n, i) => (10 * n < t * so[9] ? 0 : n / (i + 1))));
    return [...places, 10].map(best);
  }
  // A blind guess: the mean over all orders of so many right tiles.
  function guess(count) {
    const every = Array.from({ length: 1024 }, (_, bits) => places.map((i) => (bits >> i) & 1));
    const all = every.filter((right) => hits(right, 9) === count).map(precision);
    return all[0].map((_, t) => mean(all.map((curve) => curve[t])));
  }

  function move(tile, place) {
    const [from, to] = [row.indexOf(tile), Math.min(Math.max(place, 0), 9)];
    if (from === to) return;
    const moved = (a, b) => row.toSpliced(a, 1).toSpliced(b, 0, row[a]);
    const scores = places.map((i) => score(moved(i, i && i - 1)));
    row = moved(from, to);
    draw(Math.abs(from - to) === 1 && score() < scores[0] && score() === Math.min(...scores));
  }
  function flip(right) {
    const last = row.findLast((tile) => tile.right !== right);
    if (last) last.right = right;
    draw();
  }
  function draw(worst) {
    const [right, ap] = [row.map((tile) => tile.right), score()];
    const shares = right.map((yes, i) => (yes && i < k ? `${hits(right, i)}/${i + 1}` : ""));
    row.forEach((tile, i) => {
      const [name, mark, colour] = right[i] ? ["right", "✓", "three"] : ["wrong", "✗", "quiet"];
      set(tile, { transform: `translate(${36 * i})`, fill: `var(--${colour})`, opacity: i < k ? 1 : 0.4,
        "aria-label": `${name}, place ${i + 1}: drag it, or use the arrow keys` });
      tile.lastChild.textContent = mark;
      under[i].textContent = shares[i];
    });
    const [count, counted] = [hits(right, 9), shares.filter(Boolean)];
    told.textContent = `AP@${k} = ${ap.toFixed(3)}: the mean of ${counted.join(", ") || "nothing"}.`;
    const lines = { yours: precision(right), blind: guess(count) };
    curves.update(lines);
    seen[places.filter((i) => !right[i]).map((i) => i + 1)] = true;
    Object.assign(host.dataset, { ap, marks: right.map(Number), ...lines });
    goals.check({ ap, worst, missed: 2 * counted.length < count });
  }
  function reset() {
    row = tiles;
    tiles.forEach((tile, i) => (tile.right = [0, 2, 5, 8].includes(i)));
    draw();
  }
  host.append(
    el("p", { text: "Drag a tile to another place. Under each right one: right so far / place, its precision." }),
    area, told,
    controls(
      slider({ label: "k", min: 1, max: 10, step: 1, value: 10, change: (x) => { k = x; draw(); } }).node,
      button("shuffle", () => { row = random(++seed).permutation(10).map((i) => row[i]); draw(); }),
      button("reset", reset), button("one more right", () => flip(true)), button("one less", () => flip(false)),
    ),
    el("div", { class: "two" },
      el("div", {}, curves.node, el("small", { text: "Precision: solid yours, dashed a blind guess" })), goals.node),
  );
  reset();
};
