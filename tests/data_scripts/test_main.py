import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from data_scripts import wikipedia_classic
from data_scripts.__main__ import NAMES, main, script
from data_scripts.identity import blob_id
from drcl_mini.data.load import CONVERTED
from drcl_mini.data.shipped.collection import COLLECTIONS

PLACE = wikipedia_classic.BASE.removeprefix("https://")
PUBLIC = [name for name in NAMES if not script(name).ABOUT.ask]


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A mirror of small made-up files for wikipedia-classic, whose blob ids are expected."""
    folder = tmp_path / "mirror"
    content = {name: f"not really {name}".encode() for name in wikipedia_classic.BLOBS}
    for name, some in content.items():
        path = folder / PLACE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(some)
    monkeypatch.setattr(wikipedia_classic, "BLOBS", {name: blob_id(some) for name, some in content.items()})
    monkeypatch.setenv("DRCL_MINI_MIRROR", str(folder))
    return folder / PLACE


def results(folder):
    return [path.name for path in folder.glob("*") if path.is_file()]


def test_without_names_it_lists_what_can_be_had(capsys, data_home):
    assert main([]) == 0
    listed = capsys.readouterr().out
    lines = [line.split() for line in listed.splitlines() if not line.startswith(" ")]
    assert [line[:2] for line in lines[1:-1]] == [[name, "yes" if name in COLLECTIONS else "no"] for name in NAMES]
    assert lines[0][-2:] == ["where", "from"]
    assert set(CONVERTED) < set(NAMES)
    assert str(data_home) in listed
    assert not data_home.exists()
    data_home.mkdir()
    (data_home / "wikipedia-classic.npz").write_bytes(b"")
    main([])
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("wiki")] == [
        "no",
        "yes",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_set_says_who_it_is(name):
    about = script(name).ABOUT
    assert about.name == name
    assert about.features
    assert all((about.classes, about.split, about.licence, about.origin, about.citation))


def test_an_unknown_name_is_bad_usage(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["wikipedia-clasic"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "did you mean 'wikipedia-classic'" in error


def test_help_names_the_data_sets(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "wikipedia-classic" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.unlink(), "can't fetch"),
        (lambda path: path.write_bytes(b"other"), "not the expected file"),
    ],
    ids=["missing", "wrong"],
)
def test_a_mirror_that_fails_is_told_in_one_line_and_nothing_is_made(mirror, data_home, capsys, damage, reason):
    damage(mirror / "raw_features.mat")
    assert main(["wikipedia-classic"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("error: wikipedia-classic: ")
    assert reason in shown.err
    assert results(data_home) == []


def test_one_failure_does_not_keep_the_others_from_being_made(monkeypatch, capsys):
    def broken():
        raise OSError(28, "No space left on device")

    for name in PUBLIC:
        monkeypatch.setattr(script(name), "build", lambda: Path("made"))
    monkeypatch.setattr(wikipedia_classic, "build", broken)
    assert main(["all", "released-outputs"]) == 1
    shown = capsys.readouterr()
    assert shown.out.count(": made\n") == len(PUBLIC) - 1
    assert shown.out.count("ask at") == len(NAMES) - len(PUBLIC)
    assert shown.err == "error: wikipedia-classic: [Errno 28] No space left on device\n"


def test_all_is_done_when_all_that_can_be_had_is(monkeypatch, capsys, data_home):
    for name in PUBLIC:
        monkeypatch.setattr(script(name), "build", lambda: Path("made"))
    data_home.mkdir()
    (data_home / "xmedia.npz").write_bytes(b"")
    assert main(["all"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "xmedia: present\n" in shown.out
    assert "nus-wide: handed out on request: ask at" in shown.out


@pytest.mark.parametrize("error", [MemoryError(), ImportError("pip install librosa"), RuntimeError("two\nlines")])
def test_whatever_fails_is_told_in_one_line(monkeypatch, capsys, error):
    def broken():
        raise error

    monkeypatch.setattr(wikipedia_classic, "build", broken)
    assert main(["wikipedia-classic"]) == 1
    shown = capsys.readouterr().err
    assert shown == f"error: wikipedia-classic: {' '.join(str(error).split()) or 'MemoryError'}\n"


def test_an_interruption_is_told_and_ends(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(wikipedia_classic, "build", interrupted)
    assert main(["wikipedia-classic", "released-outputs"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "error: interrupted; what was finished is kept\n"


def test_a_data_folder_that_cannot_be_written_is_told_before_a_download(data_home, mirror, capsys):
    data_home.parent.mkdir(exist_ok=True)
    data_home.write_text("a file")
    assert main(["wikipedia-classic"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(data_home) in error


@pytest.mark.mirror
def test_a_real_mirror_with_a_wrong_file_makes_nothing(built, data_home, tmp_path, monkeypatch, capsys):
    downloads = built("wikipedia-classic", monkeypatch) / "downloads"
    shutil.copytree(downloads, tmp_path / "copy")
    monkeypatch.setenv("DRCL_MINI_MIRROR", str(tmp_path / "copy"))
    monkeypatch.setenv("DRCL_MINI_DATA", str(data_home))
    path = tmp_path / "copy" / PLACE / "categories.list"
    path.write_bytes(path.read_bytes() + b"\n")
    capsys.readouterr()
    assert main(["wikipedia-classic"]) == 1
    assert "categories.list is not the expected file" in capsys.readouterr().err
    assert results(data_home) == []
    assert not list(data_home.rglob("categories.list*"))


def test_scripts_import_without_what_only_some_need():
    code = """
import sys
sys.modules.update(dict.fromkeys(["h5py", "librosa", "pooch", "requests", "skimage", "sklearn", "scipy"]))
from data_scripts.__main__ import NAMES, script
print([script(name).ABOUT.name for name in NAMES] == list(NAMES))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr
