// Show the search that the menus choose: its query, its average precision, its first hits.
//
// data-sizes holds how many offers each menu has, without the last one, which tells how many hits to show.
// data-runs holds one search for each choice: [query, average precision, hit, hit, …]; the last menu changes fastest.
// Query and hits are numbers of the items that the page holds.

function drclSearch(event) {
  const menus = [...event.currentTarget.querySelectorAll("select")];
  const shown = Number(menus.pop().value);

  const figure = event.currentTarget.closest(".drcl-explorer");
  const sizes = JSON.parse(figure.dataset.sizes);
  const runs = JSON.parse(figure.dataset.runs);
  const place = menus.reduce((sum, menu, i) => sum * sizes[i] + menu.selectedIndex, 0);
  const [query, precision, ...hits] = runs[place];

  const items = figure.querySelector(".items").children;
  const marked = hits.slice(0, shown).map((hit) => {
    const right = items[hit].dataset.c == items[query].dataset.c;
    const mark = figure.querySelector(right ? ".right" : ".wrong").innerHTML;
    // A function, because $ in a replacement text would have a meaning.
    return mark.replace("HERE", () => items[hit].innerHTML);
  });

  figure.querySelector(".asked").innerHTML = items[query].innerHTML;
  figure.querySelector(".score").textContent = precision.toFixed(2);
  figure.querySelector(".found").innerHTML = marked.join("");
}
