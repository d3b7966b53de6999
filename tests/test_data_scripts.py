import shutil
from pathlib import Path

import pytest

from data_scripts import wikipedia_classic
from data_scripts.__main__ import SCRIPTS, main
from data_scripts.download import blob_id
from drcl_mini.datasets import CONVERTED

PLACE = wikipedia_classic.BASE.removeprefix("https://")


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
    assert all(name in listed for name in SCRIPTS)
    assert set(CONVERTED) <= set(SCRIPTS)
    assert listed.count("not fetched") == len(SCRIPTS)
    assert str(data_home) in listed
    data_home.mkdir()
    (data_home / "wikipedia-classic.npz").write_bytes(b"")
    main([])
    assert "present" in capsys.readouterr().out


def test_an_unknown_name_is_bad_usage(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["wikipedia"])
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
    from data_scripts import released_outputs

    monkeypatch.setattr(released_outputs, "build", lambda: Path("made"))

    def broken():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wikipedia_classic, "build", broken)
    assert main(["all", "released-outputs"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "released-outputs: made\n"
    assert shown.err == "error: wikipedia-classic: [Errno 28] No space left on device\n"


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
