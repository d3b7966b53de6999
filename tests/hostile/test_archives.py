import contextlib
import random
import stat
import zipfile

import pytest

from data_scripts import archives
from data_scripts.archives import ArchiveError, read_folder
from data_scripts.identity import Member

GOOD = {
    "top/": b"",
    "top/readme": b"read me",
    "top/sounds/": b"",
    "top/sounds/a.wav": b"aa",
    "top/sounds/b.wav": b"bbb",
}


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.fixture
def pack(tmp_path):
    """A zip archive of names (or entries) and contents."""

    def make(content, **options):
        path = tmp_path / "some.zip"
        with zipfile.ZipFile(path, "w", **{"compression": zipfile.ZIP_DEFLATED, **options}) as archive:
            for name, some in content.items() if isinstance(content, dict) else content:
                archive.writestr(name, some)
        return path

    return make


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_folder_is_read_in_memory(pack, tmp_path, compression):
    path = pack(GOOD, compression=compression)
    assert sorted(read_folder(path, "sounds")) == [Member("a.wav", False, b"aa"), Member("b.wav", False, b"bbb")]
    assert list(tmp_path.iterdir()) == [path]


def test_the_executable_bit_is_kept(pack):
    info = zipfile.ZipInfo("top/sounds/run")
    info.external_attr = 0o100755 << 16
    assert read_folder(pack([(info, b"x")]), "sounds") == [Member("run", True, b"x")]


@pytest.mark.parametrize(
    ("extra", "fragment"),
    [
        (("top/sounds/../../evil", b"x"), "'top/sounds/../../evil', which leads out"),
        (("../evil", b"x"), "which leads out"),
        (("/etc/evil", b"x"), "which leads out"),
        (("C:evil", b"x"), "which leads out"),
        (("top\\..\\evil", b"x"), "which leads out"),
        ((link("top/sounds/link"), b"/etc/passwd"), "a link or device"),
        ((link("top/elsewhere"), b"/etc/passwd"), "a link or device"),
        (("top/sounds/deep/c.wav", b"x"), "deeper than expected"),
    ],
)
def test_what_looks_wrong_is_refused(pack, complains, extra, fragment):
    with complains(fragment, error=ArchiveError):
        read_folder(pack([*GOOD.items(), extra]), "sounds")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice_is_refused(pack, complains):
    with complains("a name twice", error=ArchiveError):
        read_folder(pack([*GOOD.items(), ("top/sounds/a.wav", b"other")]), "sounds")


def test_a_folder_that_is_not_there(pack, complains):
    with complains("lacks the expected folder", error=ArchiveError):
        read_folder(pack(GOOD), "recordings")


def test_a_bomb_is_refused_before_it_is_unpacked(pack, complains, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 1000)
    path = pack({**GOOD, "top/sounds/zeros": bytes(2000)})
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    with complains("unpacks to 2005 bytes, more than the 1000", error=ArchiveError):
        read_folder(path, "sounds")


def test_too_many_files_are_refused(pack, complains, monkeypatch):
    monkeypatch.setattr(archives, "MOST_FILES", 4)
    with complains("5 files", error=ArchiveError):
        read_folder(pack(GOOD), "sounds")


@pytest.mark.parametrize("declared", [10, 3000])
def test_a_declared_size_that_is_a_lie_is_found_out(pack, complains, declared):
    """The sizes in both headers are changed; 2000 bytes are really there."""
    path = pack([("top/sounds/zeros", bytes(2000))])
    path.write_bytes(path.read_bytes().replace((2000).to_bytes(4, "little"), declared.to_bytes(4, "little")))
    with complains("zeros", error=ArchiveError):
        read_folder(path, "sounds")


HEADER = b"PK\1\2\x14\x03\x14\0"  # of an entry in the table of contents; flags and method follow
DAMAGE = {
    "empty": lambda whole: b"",
    "text": lambda whole: b"hello",
    "cut off": lambda whole: whole[: len(whole) // 2],
    "content": lambda whole: whole.replace(b"b.wavbbb", b"b.wavbab"),
    "encrypted": lambda whole: whole.replace(HEADER + b"\0\0", HEADER + b"\1\0"),
    "method": lambda whole: whole.replace(HEADER + b"\0\0\0\0", HEADER + b"\0\0\x63\0"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_archive_is_named_so(pack, complains, damage):
    path = pack(GOOD, compression=zipfile.ZIP_STORED)
    damaged = DAMAGE[damage](path.read_bytes())
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    with complains("can't be read as a zip archive", error=ArchiveError):
        read_folder(path, "sounds")


def test_bytes_before_the_archive_do_not_matter(pack):
    path = pack(GOOD)
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    assert len(read_folder(path, "sounds")) == 2


@pytest.mark.parametrize("seed", range(5))
def test_damage_anywhere_is_told_or_harmless(pack, seed):
    """Bytes flipped at random: the files come back, or one kind of error."""
    path, source = pack(GOOD), random.Random(seed)
    whole = path.read_bytes()
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[source.randrange(len(whole))] ^= 1 << source.randrange(8)
        path.write_bytes(damaged)
        with contextlib.suppress(ArchiveError):
            read_folder(path, "sounds")
