// Search: a small encoder reads a word; the items nearest to it are shown, before and after training.
drclLive.figures.search = (host, data) => {
  const { Mat, unitRows, softmax, ranking } = drclLive.core;
  const { el, set, button, controls, status, missions, calm } = drclLive.ui;
  const matrix = (text, d, Kind = Float32Array) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const values = Float64Array.from(new Kind(bytes.buffer));
    return new Mat(values.length / d, d, values);
  };
  const layer = ({ weights, scale, bias, inputs }) =>
    [matrix(weights, inputs, Int8Array).T, matrix(scale, 1).a, bias && matrix(bias, 1).a];
  const dim = matrix(data.prior, data.classes.length).n;
  const prior = matrix(data.prior, dim).T;
  const encoders = ["before", "after"].map((when) =>
    ({ layers: data.encoders[when].map(layer), items: unitRows(matrix(data.vectors[when], dim, Int8Array)) }));
  const media = [...new Set(data.items.map((item) => item.medium))];

  // FNV-1a gives each piece of a word its column.
  const step = (value, byte) => Math.imul(value ^ byte, 0x01000193);
  const hash = (text) => new TextEncoder().encode(text).reduce(step, 0x811c9dc5) >>> 0;
  function pieces(word) {
    const letters = ["^", ...word, "$"];
    return [2, 3, 4].flatMap((n) => letters.slice(n - 1).map((_, i) => letters.slice(i, i + n).join("")));
  }
  function embed(cut, { layers }) {
    const counts = new Mat(1, data.columns);
    for (const piece of cut) counts.a[hash(piece) % data.columns] += 1;
    const through = (x, [rows, scale, bias]) => x.times(rows)
      .map((sum, j) => (bias ? Math.max(sum * scale[j] + bias[j], 0) : sum * scale[j]));
    return unitRows(layers.reduce(through, unitRows(counts)));
  }

  let [trained, timer, last] = [1, 0, {}];
  const field = el("input", {
    type: "search", "aria-label": "a word to search for", autocomplete: "off", maxlength: 40,
    on: { change: () => draw(), input: () => { clearTimeout(timer); timer = setTimeout(draw, 250); } },
  });
  const ask = (word) => draw((field.value = word));
  const stages = ["before training", "after training"].map((text, i) => button(text, () => { trained = i; draw(); }));
  const [told, cuts, shown] = [status(), el("small"), el("div", { class: "two" })];
  const goals = missions([
    { text: "Search for a word before training.", done: () => !trained },
    { text: "Misspell a word so that it still reads as its class.", done: (s) => s.misspelt },
    { text: "Find a word that makes it guess.", done: (s) => s.guess },
  ]);

  // A picture, or frames side by side that are seen in turn, above a class.
  function tile(i, place, wanted) {
    const { picture, frames, title, medium, label } = data.items[i];
    const node = el("span", { role: "img", title: `${medium}: ${title}`, style: "width: 60px; height: 60px; "
      + `border-radius: 5px; background: #fff url(${picture}) 0 0 / ${frames}00% 100%` });
    const shift = { backgroundPositionX: ["0px", `${-60 * frames}px`] };
    if (!calm()) node.animate(shift, { duration: 1200, iterations: 4, easing: `steps(${frames})` });
    const [sign, colour] = label === wanted ? ["✓", "three"] : ["✗", "quiet"];
    const text = `${place < 10 ? place + 1 : ""} ${sign} ${data.classes[label]}`;
    const style = `width: 60px; margin: 1px; vertical-align: top; line-height: 1.2; color: var(--${colour})`;
    return el("span", { class: "hit", style }, node, el("small", { text }));
  }

  function draw() {
    clearTimeout(timer);
    stages.forEach((node, i) => set(node, { "aria-pressed": `${i === trained}` }));
    const asked = field.value.toLowerCase().match(/[\p{L}\p{N}]+/gu);
    if (!asked) return;
    const [word, cut] = [asked.join(" "), asked.flatMap(pieces)];
    cuts.textContent = `The encoder sees: ${cut.slice(0, 24).join(" ")}`;
    const chances = softmax(embed(cut, encoders[1]).times(prior)).row(0);
    const best = chances.indexOf(Math.max(...chances));
    const order = ranking(embed(cut, encoders[trained]).row(0), encoders[trained].items);
    const hits = order.slice(0, 10).filter((i) => data.items[i].label === best).length;
    const guess = chances[best] < data.sure;
    const met = asked.some((one) => data.words.includes(one));
    const note = guess ? met ? "I am not sure. " : "I haven't seen anything like this word; this is a guess. "
      : met ? "" : "I never met it: letters mislead. ";
    const [name, chance] = [data.classes[best], chances[best]];
    told.textContent = `I read “${word}” as ${name} (${Math.round(100 * chance)} %). ${note}`
      + `Of that class among the first ten: ${hits}.`;
    shown.replaceChildren(...media.map((medium) => {
      const own = order.filter((i) => data.items[i].medium === medium);
      const row = own.filter((i, k) => k < 5 || order.indexOf(i) < 10).map((i) => tile(i, order.indexOf(i), best));
      return el("div", {}, el("b", { text: `${medium}s` }), el("br"), ...row);
    }));
    Object.assign(host.dataset, { hits, order, name, chance });
    goals.check({ guess, misspelt: !met && last.best === best && last.word[0] === word[0] });
    if (met) last = { word, best };
  }

  const [after, before] = ["after", "before"].map((when) => (10 * data["right among ten"][when]).toFixed(1));
  host.append(
    el("p", { text: `Type a word: what does DRCL find among ${data.items.length} things it never saw?` }),
    controls(field, el("span", {}, ...stages)),
    controls(...data.chips.map((word) => button(word, () => ask(word)))),
    told, shown, cuts, goals.node,
    el("p", { text: `Over all test words that it knows, ${after} of ten are right; before training ${before}.` }),
  );
  ask(data.chips[0]);
};
