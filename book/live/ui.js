// What the live figures share to draw and to listen: elements, controls, handles to drag, frames, small charts.
(function (root) {
  "use strict";
  const live = (root.drclLive = root.drclLive || {});
  if (live.ui) return;
  const SVG = "http://www.w3.org/2000/svg";

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "on") for (const [event, work] of Object.entries(value)) node.addEventListener(event, work);
      else if (name === "text") node.textContent = value;
      else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child != null));
    return node;
  }
  const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
  const set = (node, attributes) => fill(node, attributes, []);

  // A drawing of a fixed size that shrinks with the page.
  const stage = (width, height, label) =>
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label, class: "stage" });

  // A slider with its name and value. "change" is called with the number while it moves.
  function slider({ label, min, max, step, value, show = (x) => `${x}`, change }) {
    const output = el("output", { text: show(value) });
    const input = el("input", {
      type: "range", min, max, step, value, autocomplete: "off", "aria-label": label, "aria-valuetext": show(value),
      on: { input: () => update(+input.value, true) },
    });
    function update(x, tell) {
      input.value = x;
      output.textContent = show(x);
      input.setAttribute("aria-valuetext", show(x));
      if (tell) change(x);
    }
    const node = el("label", { class: "slider" }, el("span", {}, `${label} `, output), input);
    return { node, input, get value() { return +input.value; }, set: (x, tell = false) => update(x, tell) };
  }

  const button = (text, work, attributes = {}) => el("button", { type: "button", text, on: { click: work }, ...attributes });

  function toggle(label, on, change) {
    const input = el("input", { type: "checkbox", on: { change: () => change(input.checked) } });
    input.checked = on;
    return { node: el("label", { class: "switch" }, input, ` ${label}`), input };
  }

  function choice(label, options, value, change) {
    const items = options.map((name) => el("option", { value: name, text: name }));
    const input = el("select", { "aria-label": label, on: { change: () => change(input.value) } }, ...items);
    input.value = value;
    return { node: el("label", { class: "choice" }, `${label} `, input), input };
  }

  const controls = (...nodes) => el("div", { class: "controls" }, ...nodes);
  const status = (text = "") => el("p", { class: "status", role: "status", "aria-live": "polite", text });

  // Tasks that tick themselves off: each has a text and a test of what the figure is showing.
  function missions(list) {
    const items = list.map(({ text }) => el("li", { text, "data-done": "no" }));
    const node = el("ul", { class: "missions", "aria-label": "Missions" }, ...items);
    const check = (state) =>
      list.forEach(({ done }, i) => {
        if (items[i].dataset.done === "no" && done(state)) {
          items[i].dataset.done = "yes";
          items[i].append(el("b", { text: " ✓ done" }));
        }
      });
    return { node, check };
  }

  // The point of a stage under the pointer, in the stage's units.
  function place(event, area) {
    const { x, y, width, height } = area.getBoundingClientRect();
    const box = area.viewBox.baseVal;
    return [((event.clientX - x) / width) * box.width, ((event.clientY - y) / height) * box.height];
  }

  // Lets an element of a stage be dragged, and moved by the arrow keys: move(x, y) or nudge(dx, dy) is called.
  function handle(node, area, label, { move, nudge }) {
    set(node, { tabindex: 0, role: "button", "aria-label": `${label}: drag it, or use the arrow keys`, class: "handle" });
    node.addEventListener("pointerdown", (event) => {
      node.setPointerCapture(event.pointerId);
      node.focus({ preventScroll: true });
      event.preventDefault();
    });
    node.addEventListener("pointermove", (event) => {
      if (node.hasPointerCapture(event.pointerId)) move(...place(event, area));
    });
    const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    node.addEventListener("keydown", (event) => {
      if (!keys[event.key]) return;
      event.preventDefault();
      nudge(...keys[event.key]);
    });
    return node;
  }

  // A circle (D = 2) or a sphere (D = 3) on a stage; the sphere turns when its background is dragged.
  // spot(v, unit) is where v stands, with its depth; back(x, y, depth, unit) is what stands there.
  function globe(area, { D, centre, radius, turned }) {
    const axes = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
    const view = axes.map((axis) => axis.slice(0, D));
    const spot = (v, unit = radius) => {
      const [x, up, depth] = view.map((axis) => live.core.dot(axis, v));
      return [centre + unit * x, centre - unit * up, depth];
    };
    const back = (x, y, depth, unit = radius) =>
      view[0].map((_, k) => (view[0][k] * (x - centre) + view[1][k] * (centre - y)) / unit + view[2][k] * depth);
    const soft = "var(--soft)";
    const disc = svg("circle", { cx: centre, cy: centre, r: radius, fill: soft, "fill-opacity": 0.4, stroke: soft });
    const net = [soft, "var(--quiet)"].map((stroke) => svg("path", { fill: "none", stroke }));
    function roll(...angles) {
      angles.forEach((angle, axis) => {
        const [u, v, c, s] = [view[axis], view[2], Math.cos(angle), Math.sin(angle)];
        view[axis] = u.map((x, k) => c * x + s * v[k]);
        view[2] = v.map((x, k) => c * x - s * u[k]);
      });
      const d = ["", ""];
      for (let i = 0; i < 180; i++) {
        const ring = (turn) => spot(axes[i % 3].map((_, k) => [0, Math.cos(turn), Math.sin(turn)][(i + k) % 3]));
        const [from, to] = [ring((i * Math.PI) / 90), ring(((i + 3) * Math.PI) / 90)];
        d[from[2] < 0 ? 0 : 1] += path(from, to);
      }
      net.forEach((node, i) => set(node, { d: d[i] }));
    }
    const turn = (dx, dy) => { roll(dx, -dy); turned(); };
    let last;
    disc.addEventListener("pointerdown", (event) => (last = place(event, area)));
    if (D === 3) {
      handle(disc, area, "the sphere", {
        move: (x, y) => { turn((x - last[0]) / radius, (y - last[1]) / radius); last = [x, y]; },
        nudge: (dx, dy) => turn(dx / 10, dy / 10),
      });
      roll(0.5, 0.4);
    }
    return { nodes: [disc, ...net], spot, back };
  }

  // A path's text, through points.
  const path = (...points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");

  const calm = () => root.matchMedia("(prefers-reduced-motion: reduce)").matches;

  // Frame after frame until it is stopped; with reduced motion four times a second, each as far as fifteen frames.
  // host.dataset.slowest is the longest that a frame's work took, in ms.
  function loop(host, work) {
    let going = null;
    const frame = () => {
      const start = performance.now();
      for (let i = 0; i < (calm() ? 15 : 1); i++) if (work() === false) going = null;
      const spent = performance.now() - start;
      host.dataset.slowest = Math.max(+host.dataset.slowest || 0, calm() ? spent / 15 : spent).toFixed(2);
      if (going) going = next(frame);
    };
    const next = (f) => (calm() ? setTimeout(f, 250) : requestAnimationFrame(f));
    return {
      start: () => { if (!going) going = next(frame); },
      stop: () => { (calm() ? clearTimeout : cancelAnimationFrame)(going); going = null; },
      get running() { return going !== null; },
    };
  }

  // A line chart: update({name: [y0, y1, …]}) draws each series in its colour from 0 to "most".
  function chart({ width = 300, height = 120, most = 1, title, colours }) {
    const area = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title, class: "chart" });
    const lines = {};
    const [left, bottom] = [30, height - 18];
    area.append(
      svg("path", { d: `M${left} 6V${bottom}H${width - 4}`, class: "axis" }),
      svg("text", { x: left - 4, y: 12, "text-anchor": "end", text: most }),
      svg("text", { x: left - 4, y: bottom, "text-anchor": "end", text: 0 }),
      svg("text", { x: width - 4, y: height - 4, "text-anchor": "end", text: title }),
    );
    for (const [name, colour] of Object.entries(colours)) {
      lines[name] = svg("polyline", { fill: "none", stroke: colour, "stroke-width": 2 });
      area.append(lines[name]);
    }
    const update = (series) => {
      for (const [name, values] of Object.entries(series)) {
        const across = Math.max(values.length - 1, 1);
        const points = values.map((y, i) => {
          const height_ = Math.min(Math.max(y / most, 0), 1) * (bottom - 6);
          return `${(left + (i / across) * (width - left - 6)).toFixed(1)},${(bottom - height_).toFixed(1)}`;
        });
        lines[name].setAttribute("points", points.join(" "));
      }
    };
    return { node: area, update };
  }

  live.ui = {
    el, svg, set, stage, slider, button, toggle, choice, controls, status, missions, handle, place, loop, calm, chart,
    globe, path,
  };

  // Figures by name; each is a function of its host element and its data.
  live.figures = live.figures || {};
  live.start = (name) => {
    for (const host of document.querySelectorAll(`.drcl-live[data-figure="${name}"]:not([data-live])`)) {
      host.dataset.live = "yes";
      const data = host.querySelector('script[type="application/json"]');
      host.querySelectorAll(".still").forEach((node) => node.remove());
      live.figures[name](host, data ? JSON.parse(data.textContent) : null);
    }
  };
})(typeof self === "undefined" ? globalThis : self);
