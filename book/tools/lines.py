"""Lines of code by folder, without blank lines, comments and docstrings: ``python book/tools/lines.py``."""

import ast
import io
import tokenize
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> int:
    """Lines of a module that hold code.

    Example:
        >>> code_lines('"Docstring."\\n\\nx = 1  # one\\n# two\\n')
        1
    """
    held, texts = set(), set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            held.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                texts.update(range(node.lineno, node.end_lineno + 1))
    return len(held - texts)


def by_folder(package: Path) -> Counter[str]:
    """Lines of code of each folder of a package, those right in it under its own name."""
    found: Counter[str] = Counter()
    for path in sorted(package.rglob("*.py")):
        folder = path.relative_to(package.parent).parts[1:-1]
        name = folder[0] if folder else package.name
        found[name] += code_lines(path.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    counts = by_folder(ROOT / "drcl_mini")
    for name, count in counts.items():
        print(f"{count:6,} {name}")
    print(f"{counts.total():6,} in all")
