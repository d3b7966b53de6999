"""A clock that jumps, back or ahead, changes nothing: only the card of a data set is told the date.

Durations and time limits are taken from time.perf_counter and time.monotonic, which never jump.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("drcl_mini", "data_scripts") for path in (ROOT / folder).rglob("*.py")]
OF_DAY = r"(time|time_ns|asctime|ctime|gmtime|localtime|strftime)\b"
WALL_CLOCK = re.compile(
    rf"\btime\.{OF_DAY}|from time import .*\b{OF_DAY}|import time as|\.(now|today|utcnow)\(|[acm]time\b|CLOCK_REALTIME"
)


def test_only_a_card_is_dated():
    asked = [path.name for path in SOURCES for _ in WALL_CLOCK.finditer(path.read_text(encoding="utf-8"))]
    assert asked == ["convert.py"]


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("start = time.time()", True),
        ("from time import sleep, time_ns", True),
        ("datetime.now(UTC)", True),
        ("age = path.stat().st_mtime", True),
        ("start = time.monotonic()", False),
        ("from time import perf_counter", False),
        ("time.sleep(1)", False),
        ("from .time_to_map import time_to_map", False),
    ],
)
def test_it_would_be_noticed(line, asks):
    assert bool(WALL_CLOCK.search(line)) == asks
