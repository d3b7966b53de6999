"""Packages come from their clients, are verified and kept, and are read without being unpacked."""

import io
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from hashlib import sha256

import pytest

from data_scripts import packages
from data_scripts.archives import ArchiveError
from data_scripts.download import DownloadError

CONTENT = b"what the registry gives"
RIGHT = sha256(CONTENT).hexdigest()


@pytest.fixture
def client(monkeypatch, tmp_path):
    """Stands in for every client: runs a few lines of Python in the folder; counts its calls."""
    calls = tmp_path / "calls"

    def use(lines):
        code = f"import sys; open({str(calls)!r}, 'a').write(sys.argv[-1] + '\\n')\n{lines}"
        command = (sys.executable, "-c", code)
        monkeypatch.setattr(
            packages, "CLIENTS", {kind: (command, form) for kind, (_, form) in packages.CLIENTS.items()}
        )
        return lambda: calls.read_text().split()

    return use


WRITES = f"open('some.tgz', 'wb').write({CONTENT!r})"


@pytest.mark.parametrize(("kind", "asked"), [("pip", "@a/b==1:2"), ("npm", "@a/b@1:2"), ("debian", "@a/b=1:2")])
def test_a_package_is_asked_for_by_its_exact_version_and_only_once(client, data_home, kind, asked):
    calls = client(WRITES)
    first, again = (packages.fetch(kind, "@a/b", "1:2", RIGHT) for _ in range(2))
    assert first == again == data_home / "downloads" / "packages" / kind / "@a_b-1_2" / "some.tgz"
    assert first.read_bytes() == CONTENT
    assert calls() == [asked]


def test_a_damaged_file_is_fetched_again(client):
    calls = client(WRITES)
    packages.fetch("npm", "some", "1", RIGHT).write_bytes(b"damaged")
    assert packages.fetch("npm", "some", "1", RIGHT).read_bytes() == CONTENT
    assert len(calls()) == 2


def test_another_file_is_refused_and_not_kept(client, complains, data_home):
    client(WRITES)
    with complains("npm package some 1", "some.tgz", RIGHT, "0" * 64, error=DownloadError):
        packages.fetch("npm", "some", "1", "0" * 64)
    assert not [path for path in data_home.rglob("*") if path.is_file()]


FAILURES = {
    "refuses": ("sys.exit('chatter\\nERROR: no such version\\nchatter')", "says: ERROR: no such version"),
    "leaves nothing": ("", "it left 0 files"),
    "leaves two": (f"{WRITES}; open('other', 'w')", "it left 2 files"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_client_that_fails_is_told_in_one_line(client, complains, kind):
    lines, told = FAILURES[kind]
    client(lines)
    with complains("can't fetch debian package some 1", told, error=DownloadError):
        packages.fetch("debian", "some", "1", RIGHT)


def test_a_client_that_hangs_is_given_up(client, complains, monkeypatch):
    client("import time; time.sleep(60)")
    monkeypatch.setattr(packages, "TIMEOUT", 0.5)
    with complains("no end in 0.5 seconds", error=DownloadError):
        packages.fetch("pip", "some", "1", RIGHT)


def test_a_missing_client_and_an_unknown_kind_are_named(complains, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    with complains("there is no program npm", error=DownloadError):
        packages.fetch("npm", "some", "1", RIGHT)
    with complains("unknown kind of package 'mpn'", "npm"):
        packages.fetch("mpn", "some", "1", RIGHT)


FILES = {"package/a.txt": b"a", "package/deep/b.json": b"{}"}


def as_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("package")
        for name, content in FILES.items():
            archive.writestr(name, content)


def as_tar(path):
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo("package/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        for name, content in FILES.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def as_deb(path):
    if shutil.which("dpkg-deb") is None:
        pytest.skip("no dpkg-deb here")
    root = path.with_suffix("")
    control = "Package: some\nVersion: 1\nArchitecture: all\nMaintainer: nobody <a@b.c>\nDescription: some\n"
    for name, content in {**FILES, "DEBIAN/control": control.encode()}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    (root / "DEBIAN").chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    subprocess.run(["dpkg-deb", "--build", root, path], check=True, capture_output=True)


WRITERS = {"some.whl": as_zip, "some.zip": as_zip, "some.tgz": as_tar, "some.deb": as_deb}


@pytest.mark.parametrize("name", WRITERS)
def test_members_are_read_by_name(tmp_path, name):
    WRITERS[name](tmp_path / name)
    before = sorted(tmp_path.rglob("*"))
    assert packages.read_members(tmp_path / name) == FILES
    assert packages.read_members(tmp_path / name, lambda n: n.endswith(".json")) == {"package/deep/b.json": b"{}"}
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_no_archive_or_too_large_is_refused(tmp_path, complains, monkeypatch, name):
    WRITERS[name](tmp_path / name)
    monkeypatch.setattr(packages, "MOST_BYTES", 2)
    with complains(name, "more than the 2 bytes", error=ArchiveError):
        packages.read_members(tmp_path / name)
    (tmp_path / name).write_bytes(b"no archive")
    with complains(name, "can't be read", error=ArchiveError):
        packages.read_members(tmp_path / name)
