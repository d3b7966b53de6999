"""The reference pages name all that there is, and what they say of it is so."""

import ast
import html
import importlib
import inspect
import pkgutil
import re
import warnings
from dataclasses import fields
from pathlib import Path

import nbformat
import pytest
import yaml

import data_scripts
import drcl_mini
import drcl_mini.baselines
from data_scripts.__main__ import main as data_main
from data_scripts.transfer import TIMEOUT, reason
from drcl_mini.app.cli import main
from drcl_mini.core.environment import environment

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
needs_page = pytest.mark.skipif(not HTML.is_dir(), reason="no built book: run  make book  first")
REFERENCE = ROOT / "book/reference"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md")}
DIRECTIVE = re.compile(r"^\.\. auto(\w+):: (\S+)\n((?:   :.*\n)*)", re.MULTILINE)
MODULES = sorted(
    found.name
    for package in (drcl_mini, data_scripts)
    for found in [package.__spec__, *pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    if found.name != "drcl_mini.__main__"
)


def public(module):
    """Names of the public functions and classes that a module defines."""
    found = vars(importlib.import_module(module)).items()
    kinds = inspect.isfunction, inspect.isclass
    own = [n for n, x in found if any(kind(x) for kind in kinds) and getattr(x, "__module__", "") == module]
    return [name for name in own if not name.startswith("_")]


def documented():
    """By the full name of each documented thing, the page that has it and whether links reach it there."""
    found = {}
    for page, text in TEXTS.items():
        for kind, name, options in DIRECTIVE.findall(text):
            linked = ":no-index:" not in options
            found.setdefault(name, (page, linked))
            if kind == "module" and ":members:" in options:
                left_out = re.findall(r":exclude-members: (.*)", options)
                left_out = left_out[0].replace(" ", "").split(",") if left_out else []
                for member in set(public(name)) - set(left_out):
                    found[f"{name}.{member}"] = page, linked
    return found


DOCUMENTED = documented()


def source(path):
    """The text of a page: of a notebook, that of its Markdown cells."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


PROSE = {path.stem: source(path) for path in [*REFERENCE.glob("*.md"), *(ROOT / "book").glob("*.ipynb")]}


@pytest.mark.parametrize("package", [drcl_mini, drcl_mini.baselines])
def test_public_names_are_documented_by_their_public_names(package):
    assert [name for name in package.__all__ if f"{package.__name__}.{name}" not in DOCUMENTED] == []


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_documented_with_all_it_has(module):
    assert module in DOCUMENTED
    short = {
        f"{package.__name__}.{name}"
        for package in (drcl_mini.baselines, drcl_mini)
        for name in package.__all__
        if getattr(package, name).__module__ == module
    }
    names = {f"{module}.{name}" for name in public(module)}
    missing = {name for name in names if name not in DOCUMENTED and not any(_same(name, other) for other in short)}
    assert missing == set()
    for name in names & DOCUMENTED.keys():
        assert _found(name).__doc__, f"{name} has no docstring, so its page leaves it out"


def _same(name, other):
    return _found(name) is _found(other)


def _found(name):
    """The object of a dotted name."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            if not hasattr(found, part) and part in getattr(found, "__dataclass_fields__", {}):
                return part
            found = getattr(found, part)
        return found
    raise ImportError(name)


@needs_page
@pytest.mark.parametrize("page", sorted({page for page, _ in DOCUMENTED.values()}))
def test_names_are_on_the_built_page(page):
    built = (HTML / f"book/reference/{page}.html").read_text(encoding="utf-8")
    ids = set(re.findall(r'\bid="([\w.-]+)"', built))
    wanted = {name for name, (where, linked) in DOCUMENTED.items() if where == page and linked}
    assert {name for name in wanted if name not in ids and f"module-{name}" not in ids} == set()


@needs_page
def test_pages_are_small_and_hold_no_path_of_the_builders_machine():
    for page in TEXTS:
        built = (HTML / f"book/reference/{page}.html").read_text(encoding="utf-8")
        assert len(built) < 5e6, page
        assert str(ROOT) not in built, page
        assert not re.search(r"/home/\w|/root/|Traceback \(most recent call last\):\s*File", built), page


@needs_page
def test_what_commands_print_is_on_the_built_page():
    def page(name):
        text = re.sub(r"<[^>]+>", "", (HTML / f"book/reference/{name}.html").read_text(encoding="utf-8"))
        return " ".join(html.unescape(text).split())

    assert "usage: python -m drcl_mini bench [-h]" in page("api-command-line")
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    for name in ("title", "version", "repository-code"):
        assert f"= {{{cited[name]}}}" in page("cite")
    assert cited["version"] == drcl_mini.__version__


@pytest.mark.parametrize("page", PROSE)
def test_links_lead_somewhere(page):
    glossary = {term.lower() for term in re.findall(r"^(\S.*)$", _glossaries(), re.MULTILINE)}
    for text, target in re.findall(r"\{term\}`([^`<]*?)(?: <([^`>]*)>)?`", PROSE[page]):
        assert (target or text).lower() in glossary
    keys = re.findall(r"^@\w+\{(\S+),", (ROOT / "book/references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    for cited in re.findall(r"\{cite(?::\w+)?\}`([^`]*)`", PROSE[page]):
        assert set(cited.replace(" ", "").split(",")) <= set(keys)
    for target in re.findall(r"\{doc\}`(?:[^`<]*<)?([^`>]*)>?`", PROSE[page]):
        assert target in TEXTS
    for role, text, target in re.findall(r"\{py:(\w+)\}`~?([^`<]*?)(?: <([^`>]*)>)?`", PROSE[page]):
        name = target or text
        parent = name.rpartition(".")[0]
        assert name in DOCUMENTED or (role in ("meth", "attr") and parent in DOCUMENTED), name
        assert _found(name) is not None


def _glossaries():
    return "\n".join(re.findall(r"```\{glossary\}\n(.*?)```", TEXTS["glossary"], re.DOTALL))


def test_every_term_is_explained_once():
    terms = re.findall(r"^(\S.*)$", _glossaries(), re.MULTILINE)
    assert len(set(terms)) == len(terms) > 80
    assert not re.search(r"^\S.*\n(\n|\Z)", _glossaries(), re.MULTILINE), "a term without words"


def test_settings_in_the_notation_exist():
    settings = {field.name for field in fields(drcl_mini.Settings)}
    named = re.findall(r"settings? (`\w+`(?:, `\w+`)*)", TEXTS["notation"])
    assert {name.strip("` ") for group in named for name in group.split(",")} <= settings


def alike(said, got):
    """Whether a message is the one that a page shows: ``…`` stands for anything, line breaks don't matter."""
    pattern = ".*".join(map(re.escape, " ".join(said.split()).split("…")))
    return re.fullmatch(pattern, " ".join(got.split())) is not None


BLOCK = re.compile(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", re.DOTALL)


def run_as_cell(code, names):
    """What a notebook would show: warnings and an error, in words; the value of the last line, or None."""
    lines, last, got, value = ast.parse(code), None, [], None
    if isinstance(lines.body[-1], ast.Expr):
        last = ast.Expression(lines.body.pop().value)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(compile(lines, "a page", "exec"), names)
            value = last and eval(compile(last, "a page", "eval"), names)
        except Exception as error:
            got.append(f"{type(error).__name__}: {error}")
    return [f"{warning.category.__name__}: {warning.message}" for warning in caught] + got, value


def test_the_page_on_trouble_shows_what_is_really_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, shown = {}, 0
    for code, said in BLOCK.findall(TEXTS["troubleshooting"]):
        got, _ = run_as_cell(code, names)
        if said:
            assert any(alike(said, message) for message in got), (code, got)
            shown += 1
        else:
            assert got == [], code
    assert shown > 20


def test_the_page_on_your_data_shows_what_really_comes_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, blocks = {}, BLOCK.findall(TEXTS["your-data"])
    assert not re.search(r"```text\s*```", TEXTS["your-data"])
    for code, shown in blocks:
        got, value = run_as_cell(code, names)
        got += [] if value is None else [repr(value)]
        assert alike(shown, " ".join(got)), (code, got)
    assert sum(bool(shown) for _, shown in blocks) > 20
    names["file"].close()


def test_commands_on_the_page_on_trouble_say_what_is_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```console\n\$ (.*)\n((?:[^`]*\n)?)```", TEXTS["troubleshooting"])
    shown = [(command, said) for command, said in blocks if said]
    assert len(shown) > 2
    for command, said in shown:
        variables, module, arguments = re.fullmatch(r"((?:\w+=\S+ )*)python -m (\w+) (.*)", command).groups()
        for variable in variables.split():
            monkeypatch.setenv(*variable.split("="))
        run = {"drcl_mini": main, "data_scripts": data_main}[module]
        run(arguments.split())
        capsys.readouterr()
        assert run(arguments.split()) == 1, "as what happens the second time"
        assert alike(said, capsys.readouterr().err.strip())


def test_the_page_on_trouble_knows_the_reasons_of_a_failed_download():
    import requests

    response = requests.Response()
    response.status_code, response.reason = 404, "Not Found"
    told = [requests.ConnectionError(), requests.Timeout(), requests.HTTPError(response=response)]
    assert TIMEOUT == 60
    for error in told:
        assert f"`{reason(error)}`" in TEXTS["troubleshooting"]


def test_every_line_of_env_is_explained():
    table = TEXTS["troubleshooting"].partition("| Line |")[2].partition("\n\n")[0]
    assert {*environment(), "data folder", "data sets"} == set(re.findall(r"`([^`:+]+)`", _first_column(table)))


def _first_column(table):
    return "\n".join(row.split("|")[1] for row in table.splitlines() if row.startswith("|"))


def test_every_command_has_its_help_on_the_page(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.search(r"\{([\w,-]+)\}", capsys.readouterr().out)[1].split(",")
    shown = re.findall(r"\{prints\} (python -m .*) --help", TEXTS["api-command-line"])
    wanted = ["drcl_mini", *(f"drcl_mini {name}" for name in commands), "data_scripts"]
    assert shown == [f"python -m {words}" for words in wanted]


def test_promises_name_tests_that_are_there():
    named = set(re.findall(r"`((?:\w+/)*test_\w+\.py)`", TEXTS["promises"]))
    assert len(named) > 15
    assert [name for name in named if not (Path(__file__).parent / name).is_file()] == []


def test_the_glossary_has_words_that_the_book_uses_and_no_others():
    terms = [t for t in re.findall(r"^(\S.*)$", _glossaries(), re.MULTILINE) if not t.startswith(":")]
    pages = [path for path in (ROOT / "book").rglob("*") if path.suffix in (".ipynb", ".md")]
    text = " ".join(p.read_text(encoding="utf-8") for p in pages if p.stem != "glossary").lower()
    assert [term for term in terms if term.lower() not in text] == []
