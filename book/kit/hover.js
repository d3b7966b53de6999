// A scatter plot: point at a dot, walk from dot to dot by the arrow keys, choose a map and its colours.

// Show the item of the dot under the pointer beside the plot.
function drclPoint(event) {
  const plot = event.currentTarget;
  const dot = event.target;
  const number = dot.dataset.k;
  // The pointer may be between the dots.
  if (number === undefined) return;

  const figure = plot.closest(".drcl-hover");
  const item = figure.querySelector(".items").children[number];
  figure.querySelector(".told").innerHTML = item.innerHTML;

  for (const other of plot.querySelectorAll("circle")) {
    other.setAttribute("stroke", "none");
  }
  dot.setAttribute("stroke", "#000");
  // The arrow keys go on from here.
  plot.at = Number(number);
}

// Go to the next dot or the one before; from the last one to the first.
function drclWalk(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  // The page shouldn't scroll.
  event.preventDefault();

  const plot = event.currentTarget;
  const dots = plot.querySelectorAll("circle");
  const next = plot.at === undefined ? 0 : plot.at + step;
  const dot = dots[(next + dots.length) % dots.length];
  dot.dispatchEvent(new Event("pointerover", { bubbles: true }));
}

// Move the dots to their places on the chosen map, and give them the chosen colours.
function drclRedraw(event) {
  const menus = [...event.currentTarget.querySelectorAll("select")];
  const [map, colour] = menus.map((menu) => menu.selectedIndex);
  const figure = event.currentTarget.closest(".drcl-hover");

  const legends = [...figure.querySelector(".legends").children];
  legends.forEach((legend, number) => {
    legend.hidden = number != colour;
  });

  for (const dot of figure.querySelectorAll("circle")) {
    // x and y on the first map, x and y on the second one, …
    const route = dot.dataset.route.split(" ");
    dot.setAttribute("cx", route[2 * map]);
    dot.setAttribute("cy", route[2 * map + 1]);
    dot.setAttribute("fill", dot.dataset.inks.split(" ")[colour]);
  }
}
