"""Figures of the tests of robustness on the page of promises: ``python book/tools/robustness.py``.

They are read from ``results/robustness.json``, which ``--measure`` makes anew, in about a quarter of an hour, by
running the tests with more files and kills than usual. ``--check`` only says whether the page is stale.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from drcl_mini.core.environment import environment, write_json

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "book/results/robustness.json"
PAGE = ROOT / "book/reference/promises.md"
START, END = "<!-- robustness -->", "<!-- /robustness -->"
TESTS = {
    "properties of metrics, recasting, augmentation, input (random cases)": "properties",
    "training, killed and resumed": "training/test_progress.py",
    "a benchmark, killed and resumed": "experiments/test_kill.py",
    "full disks, read-only folders, no descriptors, no memory": "hostile/test_limits.py",
    "several fits in threads": "test_concurrency.py",
    "downloads from a server that misbehaves": "hostile/test_faults.py",
    "damaged and forged files": "hostile/test_hostile_files.py",
    "small files that unpack to much": "hostile/test_bombs.py",
}
"""What is tested, and where in the folder ``tests``."""


def measure() -> None:
    """Run the tests; note how many passed, and what became of the hostile files."""
    tests = {}
    with tempfile.TemporaryDirectory() as folder:
        files, report = Path(folder) / "files.json", Path(folder) / "report.xml"
        for what, where in TESTS.items():
            program = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}"]
            program += ["-o", "junit_family=xunit1"]  # it keeps the number of kills
            subprocess.run(  # noqa: S603 (words of this file, no shell)
                [*program, f"tests/{where}"],
                check=True,
                cwd=ROOT,
                env=os.environ | {"DRCL_MINI_ROBUSTNESS": str(files)},
            )
            (suite,) = ElementTree.parse(report).getroot()  # noqa: S314 (pytest wrote it)
            found = {name: int(suite.get(name)) for name in ("tests", "skipped")}
            kills = suite.iterfind(".//property[@name='kills']")
            found["kills"] = sum(int(told.get("value")) for told in kills)
            tests[what] = {"where": where, **found}
        kinds = json.loads(files.read_text(encoding="utf-8"))
    command = "python book/tools/robustness.py --measure"
    about = {"command": command, "environment": environment()}
    write_json(RESULT, about | {"tests": tests, "files": kinds})


def tables() -> str:
    """Markdown: the tests that passed, and the files that were tried."""
    found = json.loads(RESULT.read_text(encoding="utf-8"))
    lines = ["| Tests of | In `tests/` | Passed |", "| --- | --- | --- |"]
    for what, row in found["tests"].items():
        passed = f"{row['tests'] - row['skipped']} of {row['tests']}"
        passed += f", {row['kills']} kills" if row.get("kills") else ""
        lines.append(f"| {what} | `{TESTS[what]}` | {passed} |")
    heads = ["Files", "Tried", "Read", "Refused"]
    heads += ["Slowest, seconds", "Most memory, MB"]
    lines += ["", f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
    for kind, row in found["files"].items():
        cells = [row[k] for k in ("tried", "loaded", "refused")]
        cells += [row["slowest_seconds"], row["peak_mb"]]
        lines.append(f"| {kind} | " + " | ".join(map(str, cells)) + " |")
    lines += ["", f"Made by `{found['command']}`."]
    return "\n".join(lines)


def main(check: bool) -> int:
    """Write the tables into the page; with ``check`` only say whether they are stale."""
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(START)
    new = f"{head}{START}\n\n{tables()}\n\n{END}{rest.split(END)[1]}"
    if not check:
        PAGE.write_text(new, encoding="utf-8")
    elif new != text:
        print(f"{PAGE.relative_to(ROOT)} is stale")
    return int(check and new != text)


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure()
    sys.exit(main("--check" in sys.argv))
