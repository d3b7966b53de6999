import subprocess

import pytest

from data_scripts.identity import Member, blob_id, file_id, tree_id

MEMBERS = [
    Member("b.wav", False, b"hello\n"),
    Member("a.wav", True, b""),
    Member("a", False, bytes(range(256)) * 5000),
    Member("ü.wav", False, b"1"),
    Member("a-b", True, b"2"),
]


@pytest.fixture
def git(tmp_path):
    """Run git in an empty repository."""

    def run(*arguments):
        return subprocess.run(["git", *arguments], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    run("init", "-q")
    run("config", "core.filemode", "true")
    return run


def test_ids_are_gits(git, tmp_path):
    for name, executable, content in MEMBERS:
        path = tmp_path / name
        path.write_bytes(content)
        path.chmod(0o755 if executable else 0o644)
        assert git("hash-object", "--no-filters", name).strip() == blob_id(content) == file_id(path)
    git("-c", "core.autocrlf=false", "add", "-A")
    assert git("write-tree").strip() == tree_id(MEMBERS) == tree_id(reversed(MEMBERS))


def test_a_known_id():
    assert blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
