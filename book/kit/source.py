"""Show lines of the package as they stand in its source."""

import ast
import inspect
import textwrap
from collections.abc import Callable


def show_source(function: Callable) -> None:
    """Print a function of the package as it stands in its source, without its docstring."""
    source = textwrap.dedent(inspect.getsource(function))
    body = ast.parse(source).body[0].body
    lines = source.splitlines()
    if ast.get_docstring(ast.parse(source).body[0]):
        del lines[body[0].lineno - 1 : body[0].end_lineno]
    print("\n".join(lines), end="\n\n")
