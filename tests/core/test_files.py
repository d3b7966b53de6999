import errno
import os
import tempfile
from pathlib import Path

import pytest

from drcl_mini.core.files import check_writable, data_folder, replacing


def test_a_whole_file_takes_the_place(tmp_path):
    path = tmp_path / "deep" / "er" / "note.txt"
    for text in ("first", "second"):
        with replacing(path) as temporary:
            assert temporary.parent == path.parent
            temporary.write_text(text)
            assert not path.exists() or path.read_text() == "first"
        assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("bad")])
def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path, error):
    path = tmp_path / "note.txt"
    path.write_text("old")

    def write():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        write()
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("note.txt", "old")]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_at_the_end_leaves_nothing(tmp_path, monkeypatch, step):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left"), replacing(tmp_path / "note.txt") as temporary:
        temporary.write_text("whole")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_or_the_other_way_round(tmp_path):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "note.txt", tmp_path / "folder"):
        with pytest.raises(OSError, match=r"file|folder"), replacing(path) as temporary:
            temporary.write_text("new")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_what_is_no_file_is_not_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("folder")
    before = {path.name: path.lstat() for path in tmp_path.iterdir()}
    for name, kind in (("folder", "a folder"), ("link", "a folder"), ("pipe", "a pipe or a device")):
        with pytest.raises(OSError, match=f"{name}'.* it is {kind}") as caught, replacing(tmp_path / name):
            pytest.fail("begun")
        assert "\n" not in str(caught.value)
    after = {path.name: path.lstat() for path in tmp_path.iterdir()}
    assert {name: (s.st_ino, s.st_mode) for name, s in after.items()} == {
        name: (s.st_ino, s.st_mode) for name, s in before.items()
    }


def test_a_link_stays_one_and_its_file_is_replaced(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "note.txt").write_text("old")
    for name, target in (("link", "deep/note.txt"), ("new", "deep/new.txt")):
        (tmp_path / name).symlink_to(target)
        with replacing(tmp_path / name) as temporary:
            temporary.write_text("whole")
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / target).read_text() == "whole"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "link", "new", "new.txt", "note.txt"]


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_an_error_names_the_file_that_was_asked_for(tmp_path, monkeypatch, step):
    """Not the temporary one, which the system speaks of."""

    def broken(path, *more):
        names = (str(path), None, str(more[0])) if step == "replace" else (str(path),)
        raise OSError(errno.EROFS, "Read-only file system", *(() if step == "fsync" else names))

    monkeypatch.setattr(os, step, broken)
    with pytest.raises(OSError, match="Read-only") as caught, replacing(tmp_path / "note.txt") as temporary:
        temporary.write_text("whole")
    assert str(caught.value) == f"[Errno {errno.EROFS}] Read-only file system: {str(tmp_path / 'note.txt')!r}"


def test_the_umask_is_the_whole_processes_and_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("another thread makes a file now"))
    with replacing(tmp_path / "note.txt") as temporary:
        temporary.write_text("whole")


def test_files_are_readable_as_the_umask_says(tmp_path):
    old = os.umask(0o027)
    try:
        with replacing(tmp_path / "note.txt") as temporary:
            temporary.write_text("whole")
    finally:
        os.umask(old)
    assert (tmp_path / "note.txt").stat().st_mode & 0o777 == 0o640


def test_check_writable_makes_the_folder_and_leaves_it_empty(tmp_path, monkeypatch):
    folder = check_writable(tmp_path / "a" / "b")
    assert list(folder.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        check_writable(tmp_path / "file")

    def forbidden(**named):
        raise OSError(errno.EROFS, "Read-only file system", os.path.join(named["dir"], "tmp0random"))

    monkeypatch.setattr(tempfile, "TemporaryFile", forbidden)
    with pytest.raises(OSError, match="Read-only") as caught:
        check_writable(folder)
    assert str(caught.value) == f"[Errno {errno.EROFS}] Read-only file system: {str(folder)!r}"


def test_data_folder_follows_the_environment(monkeypatch):
    monkeypatch.setenv("DRCL_MINI_DATA", "~/somewhere")
    assert data_folder() == Path.home() / "somewhere"
    monkeypatch.delenv("DRCL_MINI_DATA")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    assert data_folder() == Path("cache") / "drcl_mini"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data_folder() == Path.home() / ".cache" / "drcl_mini"
