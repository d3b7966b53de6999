// What the page shows: a field for words, a chip for each medium, results as cards.
"use strict";

(() => {
  const gallery = window.GALLERY;
  const media = gallery.media.map((medium) => ({ ...medium, rows: Search.openVectors(medium) }));
  const encoder = gallery.encoder && Search.openEncoder(gallery.encoder);
  const at = (id) => document.getElementById(id);
  const SIDE_BY_SIDE = 6, ALONE = 24;
  let chosen = null; // the medium that is shown alone
  let asked = null; // {vector, told, item?}: what is searched for
  let many = new Map(); // how many results of each medium are shown

  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "onclick") element.addEventListener("click", value);
      else if (value !== null) element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  }

  const plural = (medium) => (medium.name === medium.kind ? `${medium.name}s` : medium.name);
  const heading = (medium) => plural(medium).replace(/^./u, (letter) => letter.toUpperCase());
  const label = (medium, place) => medium.labels[place].map((one) => gallery.classes[one]).join(", ") || "no class";
  const title = (medium, place) => medium.titles[place] || label(medium, place);
  const called = (medium, place) => (medium.kind === "text" ? `“${medium.shown[place]}”` : `the ${medium.kind} “${title(medium, place)}”`);

  // An animation stands still for readers who ask for reduced motion.
  function picture(src, alt) {
    const image = make("img", { src, alt, loading: "lazy" });
    if (/^data:image\/gif|\.gif$/.test(src) && matchMedia("(prefers-reduced-motion: reduce)").matches) {
      image.addEventListener("load", () => {
        const still = make("canvas", { width: image.naturalWidth, height: image.naturalHeight, role: "img", "aria-label": alt });
        still.getContext("2d").drawImage(image, 0, 0);
        image.replaceWith(still);
      });
    }
    return image;
  }

  function shown(medium, place) {
    const name = `${title(medium, place)} (${label(medium, place)})`;
    if (medium.kind === "picture") return picture(medium.shown[place], name);
    if (medium.kind === "sound") return make("audio", { src: medium.shown[place], controls: "", preload: "none", "aria-label": name });
    return make("span", {}, medium.shown[place]);
  }

  function card(medium, { place, score }) {
    const find = { type: "button", class: "item", title: "Find what is near to it", onclick: () => askItem(medium, place) };
    const item = medium.kind === "sound"
      ? [shown(medium, place), make("button", { ...find, "aria-label": `Find what is near to ${called(medium, place)}` }, "Find near")]
      : [make("button", find, shown(medium, place))];
    const caption = medium.kind === "text" || title(medium, place) === label(medium, place)
      ? label(medium, place) : `${label(medium, place)} · ${title(medium, place)}`;
    const near = score === null ? [] : [make("span", { title: "cosine: 1 is the same direction" }, score.toFixed(2))];
    return make("li", { class: "card" }, ...item, make("footer", {}, make("span", { title: caption }, caption), ...near));
  }

  // Items spread over the gallery, before anything is asked.
  function spread(medium) {
    const rank = (place) => (place * 0.6180339887) % 1; // the golden section spreads any number evenly
    const order = medium.labels.map((_, place) => place).sort((a, b) => rank(a) - rank(b));
    return order.map((place) => ({ place, score: null }));
  }

  function found(medium) {
    if (!asked) return spread(medium);
    const self = asked.item;
    return Search.nearest(asked.vector, medium.rows).filter(({ place }) => !(self && self.medium === medium && self.place === place));
  }

  function section(medium) {
    const all = found(medium);
    const count = many.get(medium) ?? (chosen || media.length === 1 ? ALONE : SIDE_BY_SIDE);
    const list = make("ul", { class: "cards" }, ...all.slice(0, count).map((one) => card(medium, one)));
    const head = make("h2", {}, `${heading(medium)} `, make("small", {}, `${Math.min(count, all.length)} of ${all.length}`));
    const more = make("button", { type: "button", class: "more", onclick: () => {
      many.set(medium, count + ALONE);
      const fresh = section(medium);
      part.replaceWith(fresh);
      fresh.querySelectorAll(".card .item")[count].focus();
    } }, `More ${plural(medium)}`);
    const part = make("section", { class: medium.kind, "aria-label": heading(medium) }, head, list, ...(count < all.length ? [more] : []));
    return part;
  }

  function render() {
    at("results").replaceChildren(...media.filter((medium) => !chosen || medium === chosen).map(section));
    at("status").textContent = asked ? asked.told : "Some of the items:";
    for (const chip of at("chips").children) chip.setAttribute("aria-pressed", String(chip.medium === chosen));
    at("query").classList.toggle("asked", Boolean(asked));
    at("clear").hidden = !asked;
    const item = asked?.item;
    at("chosen").replaceChildren(...(item && item.medium.kind !== "text" ? [shown(item.medium, item.place)] : []));
  }

  function ask(query) {
    asked = query;
    many = new Map();
    render();
  }

  function clear() {
    at("words").value = "";
    ask(null);
    at("words").focus();
  }

  function askItem(medium, place) {
    const of = medium.labels[place].length ? `, of class ${label(medium, place)}` : "";
    at("words").value = "";
    ask({ vector: medium.rows[place], item: { medium, place }, told: `Nearest to ${called(medium, place)}${of}:` });
    at("clear").focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }

  // Typed words: through the text encoder, or to the item whose text or title is spelt most alike.
  function askWords(words) {
    if (encoder) {
      ask({ vector: Search.embed(encoder, words), words, told: `Nearest to “${words}”:` });
      return;
    }
    const query = Search.spelling(words);
    let best = { score: 0 };
    for (const medium of media) {
      medium.spelt ??= medium.labels.map((_, place) => Search.spelling(`${medium.kind === "text" ? medium.shown[place] : medium.titles[place]} ${label(medium, place)}`));
      medium.spelt.forEach((text, place) => {
        const score = Search.alike(query, text);
        if (score > best.score) best = { score, medium, place };
      });
    }
    if (!best.medium) {
      at("status").textContent = `No text or title here shares letters with “${words}”.`;
      return;
    }
    const told = `Spelt most like “${words}”: ${called(best.medium, best.place)}. Nearest to it:`;
    ask({ vector: best.medium.rows[best.place], words, told });
  }

  const counts = media.map((medium) => `${medium.labels.length} ${plural(medium)}`).join(", ");
  at("about").textContent = `${counts}, of ${gallery.classes.length} classes. Type words or choose any item: what the trained model puts nearest to it appears, from all media. No network is needed.`;
  at("how").textContent = encoder
    ? "Your words go through the trained text encoder, here in the page."
    : "Your words are matched by their spelling with the texts and titles of the items; what is near to the best match is shown.";
  const chips = [null, ...media].map((medium) => {
    const chip = make("button", { type: "button", onclick: () => { chosen = medium; many = new Map(); render(); } }, medium ? heading(medium) : "All");
    chip.medium = medium;
    return chip;
  });
  at("chips").append(...(media.length > 1 ? chips : []));
  at("clear").addEventListener("click", clear);
  at("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const words = at("words").value.trim();
    if (words) askWords(words);
    else ask(null);
  });
  render();
})();
