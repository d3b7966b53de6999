"""``python -m drcl_mini``."""

import signal
import sys
from typing import NoReturn

from .app.cli import main
from .core.terminal import Terminated


def _terminated(*_: object) -> NoReturn:
    raise Terminated(143)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(main())
