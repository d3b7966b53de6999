"""Times that ``bench --dry-run`` foretells by: the mean seconds of each method's runs in result files.

``python book/experiments/seconds.py runs/evidence …`` reads ``results.jsonl`` and ``search.jsonl`` of each folder, and
writes them into the package.
"""

import sys
from pathlib import Path

from drcl_mini.core.environment import environment, write_json
from drcl_mini.experiments.run.duration import MEASURED, seconds_of
from drcl_mini.experiments.store.results import read_results


def main(folders: list[str]) -> None:
    """Gather, and write."""
    files = [
        Path(folder) / f"{name}.jsonl"
        for folder in folders
        for name in ("search", "results")
    ]
    found = seconds_of(
        record for path in files if path.is_file() for record in read_results(path)
    )
    table: dict[str, dict[str, float]] = {}
    for (name, method), seconds in sorted(found.items()):
        table.setdefault(name, {})[method] = round(seconds, 2)
    about = "mean seconds of a run on one core, search included; another core was busy beside it"
    write_json(
        MEASURED, {"about": about, "environment": environment(), "seconds": table}
    )


if __name__ == "__main__":
    main(sys.argv[1:])
