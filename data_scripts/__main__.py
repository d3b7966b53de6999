"""Command line: ``python -m data_scripts [NAME …]``; without a name it lists what can be had."""

import argparse
import sys
from importlib import import_module

from drcl_mini.checks import nearest
from drcl_mini.cli import Parser, one_line
from drcl_mini.files import check_writable, data_folder

SCRIPTS = {"wikipedia-classic": "wikipedia_classic", "released-outputs": "released_outputs"}


def main(arguments: list[str] | None = None) -> int:
    """Fetch, check and convert; 0 done, 1 failed, 2 usage."""
    parser = Parser(prog="python -m data_scripts", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(SCRIPTS)}, or all")
    names = parser.parse_args(arguments).names
    for name in names:
        if name not in (*SCRIPTS, "all"):
            parser.error(f"unknown data set {name!r}: {nearest(name, [*SCRIPTS, 'all'])}")
    scripts = {name: import_module(f".{module}", __package__) for name, module in SCRIPTS.items()}
    if not names:
        for name, script in scripts.items():
            here = "present" if (data_folder() / f"{name}.npz").is_file() else "not fetched"
            print(f"{name:<18} {here:<12} {script.ABOUT}")
        print(f"data folder: {data_folder()} (set DRCL_MINI_DATA to change it)")
        return 0
    failed = False
    for name in dict.fromkeys(SCRIPTS if "all" in names else names):
        try:
            check_writable(data_folder())
            print(f"{name}: {scripts[name].build()}")
        except (OSError, RuntimeError, ValueError) as error:
            failed = True
            print(one_line(f"{name}: {error}"), file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
