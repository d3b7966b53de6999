"""Command line: ``python -m data_scripts [NAME …]``; without a name it lists what can be had."""

import argparse
import signal
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from drcl_mini.core.checks import suggest
from drcl_mini.core.files import check_writable, data_folder
from drcl_mini.core.terminal import Parser, one_line, show_anything
from drcl_mini.data.load import CONVERTED
from drcl_mini.data.shipped.collection import COLLECTIONS

from .about import table
from .convert import OnRequest

NAMES = (*CONVERTED, "released-outputs", *COLLECTIONS)
"""Every data set; its script is the module of the same name. The package carries the last two."""


def main(arguments: list[str] | None = None) -> int:
    """Fetch, check and convert; 0 done, 1 failed, 2 usage."""
    show_anything()
    parser = Parser(prog="python -m data_scripts", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)},\nor all that can be had")
    parser.add_argument("--source", type=Path, metavar="FILE", help="the file, where you have it already")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in (*NAMES, "all"):
            parser.error(f"unknown data set {name!r}: {suggest(name, [*NAMES, 'all'])}")
    chosen = list(dict.fromkeys(NAMES if "all" in options.names else options.names))
    if options.source and (len(chosen) != 1 or not script(chosen[0]).ABOUT.file):
        takers = ", ".join(name for name in NAMES if script(name).ABOUT.file)
        parser.error(f"--source goes with one of {takers}; DRCL_MINI_MIRROR can name a copy of all public files")
    if not chosen:
        return listing()
    try:
        done = [make(name, options.source, "all" in options.names) for name in chosen]
    except KeyboardInterrupt:
        print(one_line("interrupted; what was finished is kept"), file=sys.stderr)
        return 1
    return int(not all(done))


def script(name: str) -> ModuleType:
    """The module that makes a data set."""
    return import_module(f".{name.replace('-', '_')}", __package__)


def listing() -> int:
    """Print the table of all data sets."""
    print(table(script(name).ABOUT.row(_is_here(name)) for name in NAMES))
    print(f"data folder: {data_folder()} (set DRCL_MINI_DATA to change it)")
    return 0


def _is_here(name: str) -> bool:
    return name in COLLECTIONS or (data_folder() / f"{name}.npz").is_file()


def make(name: str, source: Path | None, one_of_all: bool) -> bool:
    """Make one data set and say so, or say in one line why not; whether that is fine."""
    module, arguments = script(name), () if source is None else (source,)
    try:
        if source is not None and not source.is_file():
            raise FileNotFoundError(f"no file {str(source)!r}: --source takes {module.ABOUT.file}")
        check_writable(data_folder())
        print(f"{name}: {module.build(*arguments)}")
    except OnRequest as error:
        present = _is_here(name)
        if one_of_all:
            print(f"{name}: {'present' if present else error}")
            return True
        print(one_line(f"{name}: {error}"), file=sys.stderr)
    except (OSError, RuntimeError, ValueError, ImportError, MemoryError) as error:
        print(one_line(f"{name}: {str(error) or type(error).__name__}"), file=sys.stderr)
    else:
        return True
    return False


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that temporary files are cleaned up
    sys.exit(main())
