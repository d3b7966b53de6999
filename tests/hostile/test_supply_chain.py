"""The package runs no code from data, asks no shell, and trusts no download before its hash is right."""

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import data_scripts
from data_scripts import download, packages
from data_scripts.__main__ import NAMES, script
from data_scripts.things import sources
from data_scripts.things.sources import Package
from drcl_mini.data.shipped.collection import COLLECTIONS

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("drcl_mini", "data_scripts") for path in sorted((ROOT / folder).rglob("*.py"))]
SHA1 = re.compile("[0-9a-f]{40}")
CALLS = {
    "eval", "exec", "compile", "__import__", "breakpoint", "input",
    "os.system", "os.popen", "os.execv", "os.execvp", "os.startfile", "tempfile.mktemp",
    "joblib.load", "yaml.load", "h5py.enable_ipython_completer", "scipy.io.loadmat", "loadmat",
}  # fmt: skip
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "ctypes", "code", "telnetlib", "ftplib"}
NETWORK = {"requests", "pooch", "http", "urllib3", "aiohttp", "httpx", "socket", "smtplib"}


def dotted(node):
    """``a.b.c`` of a name or an attribute, else nothing."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def imported(node):
    """Modules that an import names, or ``require("module")``."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""] if not node.level else []
    if isinstance(node, ast.Call) and dotted(node.func) == "require" and isinstance(node.args[0], ast.Constant):
        return [node.args[0].value]
    return []


def offences(source):
    """What a file does that the package must not."""
    for node in ast.walk(ast.parse(source)):
        for module in imported(node):
            if module.split(".")[0] in MODULES:
                yield f"imports {module}"
        if not isinstance(node, ast.Call):
            continue
        name, named = dotted(node.func), {k.arg: getattr(k.value, "value", "?") for k in node.keywords}
        if name in CALLS or name.startswith("os.spawn"):
            yield f"calls {name}"
        if name == "torch.load" and named.get("weights_only") is not True:
            yield "torch.load without weights_only=True"
        if name.endswith(("np.load", "numpy.load")) and named.get("allow_pickle") is not False:
            yield "np.load without allow_pickle=False"
        if named.get("allow_pickle", False) is not False:
            yield f"{name} with allow_pickle"
        if named.get("shell", False) is not False:
            yield f"{name} with shell"
        if named.get("verify", True) is not True:
            yield f"{name} without verification"


def test_no_source_runs_what_it_reads():
    assert len(SOURCES) > 80
    found = {str(path.relative_to(ROOT)): list(offences(path.read_text(encoding="utf-8"))) for path in SOURCES}
    assert {path: some for path, some in found.items() if some} == {}


@pytest.mark.parametrize(
    "code",
    [
        "eval('1')", "exec(x)", "import pickle", "from pickle import loads", "import torch\ntorch.load('x')",
        "torch.load('x', weights_only=flag)",
        "np.load('x')", "np.load('x', allow_pickle=True)", "np.load('x', allow_pickle=flag)", "os.system('true')",
        "subprocess.run('ls', shell=True)", "requests.get(x, verify=False)", "require('dill')",
        "compile(x, '', 'exec')",
    ],
)  # fmt: skip
def test_the_search_finds(code):
    assert list(offences(code))


def test_every_exception_from_a_security_rule_has_a_reason():
    files = [*SOURCES, *sorted((ROOT / "book/tools").glob("*.py"))]
    excepted = [line for path in files for line in path.read_text(encoding="utf-8").splitlines() if "# noqa: S" in line]
    security = [line for line in excepted if re.search(r"# noqa: S\d", line)]
    assert security
    assert [line for line in security if not re.search(r"# noqa: (S\d+, )*S\d+ \(.+\)$", line)] == []
    for name in ("pyproject.toml", "book/ruff.toml"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        found = [lines[i - 1] for i, line in enumerate(lines) if re.search(r'^".*" = \[.*"S\d*"', line)]
        assert found
        assert all(re.match(r"# S\d*", line) for line in found)


def test_the_network_is_used_in_one_place():
    users = set()
    for path in SOURCES:
        names = [name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for name in imported(node)]
        if {name.split(".")[0] for name in names} & NETWORK or "urllib.request.urlopen" in names:
            users.add(path.name)
    assert users == {"transfer.py"}


class Asked(Exception):
    pass


PUBLIC = [name for name in NAMES if not script(name).ABOUT.ask]
USERS = {
    found.name: importlib.import_module(found.name)
    for found in pkgutil.walk_packages(data_scripts.__path__, "data_scripts.")
    if found.name not in ("data_scripts.__main__", "data_scripts.download", "data_scripts.packages")
}
"""Every module that may fetch something."""


@pytest.mark.parametrize("name", PUBLIC)
def test_every_download_is_pinned_to_a_commit_and_a_hash(name, monkeypatch, tmp_path):
    asked, module = [], script(name)

    def fetch(url, expected, most=download.LIMIT, *identify):
        asked.append(url)
        assert url.startswith("https://")
        assert SHA1.search(url) or "/48.2.0/" in url, "the address names a commit, or a release"
        assert SHA1.fullmatch(expected), "the content's git id"
        assert 0 < most <= 100 * 2**20
        return tmp_path / "nothing"

    def fetch_package(kind, package, version, expected):
        asked.append(package)
        assert kind in ("pip", "npm", "debian")
        assert re.match(r"[\d:.]+", version)
        assert re.fullmatch("[0-9a-f]{64}", expected), "the file's SHA-256"
        return tmp_path / "nothing"

    for user in USERS.values():
        for attribute, found in list(vars(user).items()):
            if found is download.fetch:
                monkeypatch.setattr(user, attribute, fetch)
            elif found is packages.fetch:
                monkeypatch.setattr(user, attribute, fetch_package)
    with pytest.raises(Exception, match="nothing"):
        module.build()
    if name not in COLLECTIONS:  # these stop at the first of many
        assert len(asked) == len(module.ABOUT.notes["urls"])
    assert asked


def test_every_package_is_pinned_to_a_version_and_a_hash():
    found = vars(sources).values()
    pinned = [one for some in found for one in ([some] if isinstance(some, Package) else _tuple(some))]
    assert len(pinned) == 8
    for package in pinned:
        assert re.match(r"[\d:.]+", package.version)
        assert re.fullmatch("[0-9a-f]{64}", package.sha256)


def _tuple(value):
    return [one for one in value if isinstance(one, Package)] if type(value) is tuple else []


def test_what_fetches_belongs_to_a_public_set():
    users = {name for name, found in USERS.items() if {download.fetch, packages.fetch} & _functions(found)}
    parts = ("data_scripts.numbers_", "data_scripts.things.", "data_scripts.networks")
    own = {f"data_scripts.{name.replace('-', '_')}" for name in PUBLIC}
    assert {name for name in users if not name.startswith(parts)} == own - {
        f"data_scripts.{name}" for name in COLLECTIONS
    }


def _functions(module):
    return {found for found in vars(module).values() if callable(found) and getattr(found, "__name__", "") == "fetch"}


def test_an_audit_can_be_asked_for():
    """It asks a service of known vulnerabilities, so it is a step of its own, and no part of ``make test``."""
    makefile, workflow = (ROOT / name for name in ("Makefile", ".github/workflows/test.yml"))
    assert re.search(r"^audit:.*\n(\t.*\n)*\t.*pip-audit", makefile.read_text(), re.MULTILINE)
    assert "run: make audit" in workflow.read_text()
    assert "audit" not in re.search(r"^test:.*\n(\t.*\n)+", makefile.read_text(), re.MULTILINE)[0]
