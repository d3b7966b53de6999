"""A Sphinx extension of this book: commands with what they print, docstrings as they are meant, less to download.

It also gives each page a card for links (``card``: a picture among the static files), and leads old addresses to new
ones (``redirects``: pages without ending).

``{prints}`` runs one command of this repository as the book is built, so that its page can't grow old:

    ```{prints} python -m drcl_mini --help
    ```

With ``:html:`` it prints HTML that becomes part of the page.
"""

import os
import re
import shlex
import subprocess
import sys
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.ext.napoleon import GoogleDocstring
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
COLUMNS = "76"
MOVED = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta http-equiv="refresh" content="0; url={address}">
<link rel="canonical" href="{canonical}">
</head>
<body><h1>This page has moved</h1><p>It is now <a href="{address}">{title}</a>.</p></body>
</html>
"""
"""What stands at an old address."""


def printed(command: str) -> str:
    """What a ``python …`` command prints; raises ``CalledProcessError`` where it fails."""
    words = shlex.split(command)
    if words[0] != "python":
        raise ValueError(f"{command!r}: expected a command that begins with python")
    plain = {"COLUMNS": COLUMNS, "PYTHON_COLORS": "0", "NO_COLOR": "1"}
    done = subprocess.run(  # noqa: S603 (a page's own command, Python only, no shell)
        [sys.executable, *words[1:]],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        cwd=ROOT,
        env=os.environ | plain | {"PYTHONIOENCODING": "utf-8"},
    )
    return done.stdout.rstrip()


class Prints(SphinxDirective):
    """A block with what a command prints, below the command itself unless it is hidden."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {
        "language": directives.unchanged,
        "hide-command": directives.flag,
        "html": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        command = self.arguments[0]
        self.env.note_reread()  # the command may print something else next time
        text = printed(command)
        if "html" in self.options:  # what it prints is a part of the page
            return [
                nodes.raw(text, f'<div class="printed">{text}</div>', format="html")
            ]
        if "hide-command" not in self.options:
            text = f"$ {command}\n{text}"
        language = self.options.get("language", "text")
        return [nodes.literal_block(text, text, language=language)]


def skip_bare_fields(
    app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out a named tuple's fields that have no docstring of their own."""
    bare = str(getattr(member, "__doc__", "")).startswith("Alias for field number")
    return True if bare else None


def whole_sentences(
    app: Sphinx, what: str, name: str, member: Any, options: Any, lines: list[str]
) -> None:
    """Read a docstring of data or of a property like any other, and no example's preparation for the tests.

    Napoleon would take what stands before the first colon for a type, and leave the sections as they are.
    """
    lines[:] = [x for x in lines if not x.strip().startswith(">>> getfixture(")]
    if what in ("attribute", "data", "property"):
        read = GoogleDocstring(lines, app.config, app, "function", name, member)
        lines[:] = ["..", "", *read.lines()]  # a comment, in which it finds no type


def plain_defaults(
    app: Sphinx,
    what: str,
    name: str,
    member: Any,
    options: Any,
    signature: str | None,
    returned: str | None,
) -> tuple[str, str | None] | None:
    """Write ``...`` for a default that is no number or name, such as ``<factory>``: Sphinx couldn't read it."""
    if signature is None:
        return None
    return re.sub(r"= ?<[^<>]*(<[^<>]*>)?[^<>]*>", "= ...", signature), returned


def no_letters_to_map(app: Sphinx, tree: nodes.document) -> None:
    """Docutils takes ``mAP@k`` for somebody's address."""
    for link in list(tree.findall(nodes.reference)):
        if link.get("refuri", "").startswith("mailto:"):
            link.replace_self(nodes.Text(link.astext()))


def only_the_mathjax_in_use(app: Sphinx, error: Exception | None) -> None:
    """Delete the other bundles of MathJax, 15 MB of the same parts put together otherwise."""
    parts = {
        "core.js",
        "loader.js",
        "startup.js",
        Path(app.config.mathjax_path).name,
    }
    for bundle in Path(app.outdir, "_static", "mathjax").glob("*.js"):
        if bundle.name not in parts:
            bundle.unlink()


def first_words(tree: nodes.document | None, most: int = 200) -> str:
    """What a page says first: its first paragraph, shortened at a word."""
    if tree is None:
        return ""
    for paragraph in tree.findall(nodes.paragraph):
        if text := " ".join(paragraph.astext().split()):
            return (
                text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"
            )
    return ""


def card(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """What other sites show of a link to a page: title, first words, the picture ``card``.

    Whole addresses, which most sites ask for, need ``html_baseurl``. Without it the picture's address is relative, and
    the page's own is left out.
    """
    title = re.sub("<[^>]*>", "", str(context.get("title", "")))
    about = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": first_words(doctree),
    }
    base = app.config.html_baseurl.rstrip("/")
    if base:
        about["og:url"] = f"{base}/{pagename}.html"
    if app.config.card:
        up = "../" * pagename.count("/")
        about["og:image"] = (
            f"{base or up.rstrip('/') or '.'}/_static/{app.config.card}"
        )
        about["og:image:alt"] = app.config.card_alt
        about["twitter:card"] = "summary_large_image"
    tags = [
        f'<meta {"name" if name.startswith("twitter") else "property"}="{name}" content="{escape(text)}" />'
        for name, text in about.items()
        if text
    ]
    if about["og:description"]:
        tags.append(
            f'<meta name="description" content="{escape(about["og:description"])}" />'
        )
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags])


def lead_on(app: Sphinx, error: Exception | None) -> None:
    """Write a page at each old address that leads to the new one.

    Raises:
        ValueError: the new page isn't there.
    """
    if error or app.builder.format != "html":
        return
    base = app.config.html_baseurl.rstrip("/")
    for old, new in app.config.redirects.items():
        if new not in app.env.found_docs:
            if len(app.env.found_docs) == 1:  # a page built alone
                continue
            raise ValueError(f"redirects: {old} leads to {new}, which is no page")
        address = os.path.relpath(f"{new}.html", PurePosixPath(old).parent)
        title = escape(app.env.titles[new].astext())
        canonical = f"{base}/{new}.html" if base else address
        path = Path(app.outdir, f"{old}.html")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            MOVED.format(title=title, address=address, canonical=canonical),
            encoding="utf-8",
        )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register them all."""
    app.add_directive("prints", Prints)
    app.add_config_value("redirects", {}, "", dict)
    app.add_config_value("card", "", "html", str)
    app.add_config_value("card_alt", "", "html", str)
    app.connect("html-page-context", card)
    app.connect("build-finished", lead_on)
    app.connect("doctree-read", no_letters_to_map)
    app.connect("autodoc-skip-member", skip_bare_fields)
    app.connect("autodoc-process-signature", plain_defaults)
    app.connect("autodoc-process-docstring", whole_sentences, priority=400)
    app.connect("build-finished", only_the_mathjax_in_use, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
