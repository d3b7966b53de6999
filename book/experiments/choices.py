"""What the wider search chose: ``python book/experiments/choices.py``; ``--command`` says how it was made."""

import sys
from pathlib import Path

from drcl_mini.experiments.store.results import read_results

FOLDER = Path(__file__).parents[1] / "results" / "evidence"


def chosen() -> list[str]:
    """A line for each method and data set: tries, failed ones, what was chosen, edges."""
    searches = {}
    for record in read_results(FOLDER / "results.jsonl"):
        if record["search"]:
            searches[record["dataset"], record["method"]] = record["search"]
    lines, last = [], ""
    for (dataset, method), search in searches.items():
        if dataset != last:
            lines += [dataset] if not lines else ["", dataset]
            last = dataset
        own = ", ".join(
            f"{name} {_short(value)}" for name, value in search["chosen"].items()
        )
        edges = ", ".join(
            f"{name} {_side(side)}" for name, side in search["edges"].items()
        )
        failed = f", {search['failed']} failed" if search["failed"] else ""
        lines.append(f"{method}: {own or 'the defaults'}{failed}")
        if edges:
            lines.append(f"    on an edge: {edges}")
    tries = {search["tries"] for search in searches.values()}
    count = sum(bool(search["edges"]) for search in searches.values())
    told = f"{len(searches)} searches of {min(tries)} to {max(tries)} tries"
    return [*lines, "", f"{told}; {count} choices on an edge"]


def _side(side: object) -> str:
    if isinstance(side, dict):
        return ", ".join(f"of {name} {own}" for name, own in side.items())
    return str(side)


def _short(value: object) -> str:
    if isinstance(value, dict):
        return " / ".join(f"{part:g}" for part in value.values())
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    if "--command" in sys.argv:
        print((FOLDER / "commands.txt").read_text(encoding="utf-8").strip())
    else:
        print("\n".join(chosen()))
