import sys

import pytest

from data_scripts.download import DownloadError, difference, fetch
from data_scripts.identity import blob_id

URL, CONTENT = "https://example.org/some/file.bin", b"hello\n"
BLOB = "ce013625030ba8dba906f756967f9e9ca394464a"


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A mirror with one file, as a folder."""
    folder = tmp_path / "mirror"
    (folder / "example.org" / "some").mkdir(parents=True)
    (folder / "example.org" / "some" / "file.bin").write_bytes(CONTENT)
    monkeypatch.setenv("DRCL_MINI_MIRROR", str(folder))
    return folder


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_folder_and_an_address_serve_alike(mirror, serve, data_home):
    expected = data_home / "downloads" / "example.org" / "some" / "file.bin"
    assert fetch(URL, BLOB) == expected
    assert expected.read_bytes() == CONTENT
    expected.unlink()
    asked = serve(mirror)
    assert fetch(URL, BLOB) == expected
    assert expected.read_bytes() == CONTENT
    assert asked == ["/example.org/some/file.bin"]
    assert files(data_home) == [expected]


def test_what_is_there_and_right_is_not_fetched_again(mirror, data_home):
    path = fetch(URL, BLOB)
    (mirror / "example.org" / "some" / "file.bin").unlink()
    assert fetch(URL, BLOB) == path
    path.write_bytes(b"damaged")
    with pytest.raises(DownloadError):
        fetch(URL, BLOB)
    (mirror / "example.org" / "some" / "file.bin").write_bytes(CONTENT)
    assert fetch(URL, BLOB).read_bytes() == CONTENT


@pytest.mark.parametrize("by_http", [False, True])
def test_another_content_is_an_error_and_nothing_is_kept(mirror, serve, data_home, complains, by_http):
    (mirror / "example.org" / "some" / "file.bin").write_bytes(b"other")
    if by_http:
        serve(mirror)
    with complains("file.bin is not the expected file", blob_id(b"other"), BLOB, error=DownloadError):
        fetch(URL, BLOB)
    assert files(data_home) == []


@pytest.mark.parametrize("by_http", [False, True])
def test_a_file_that_a_mirror_lacks_is_an_error_and_nothing_is_kept(mirror, serve, data_home, complains, by_http):
    if by_http:
        serve(mirror)
    with complains(
        "can't fetch", "example.org/some/none.bin", "404" if by_http else "No such file", error=DownloadError
    ):
        fetch("https://example.org/some/none.bin", BLOB)
    assert files(data_home) == []


def test_a_larger_file_than_it_may_be_is_not_taken(mirror, serve, data_home, complains):
    for start in (lambda: None, lambda: serve(mirror)):
        start()
        assert fetch(URL, BLOB, most=len(CONTENT)).read_bytes() == CONTENT
        files(data_home)[0].unlink()
        with complains("file.bin is not the expected file", "larger than the 5 bytes", error=DownloadError):
            fetch(URL, BLOB, most=len(CONTENT) - 1)
        assert files(data_home) == []


def test_a_missing_package_is_named(mirror, serve, monkeypatch, complains):
    serve(mirror)
    monkeypatch.setitem(sys.modules, "pooch", None)
    with complains("pip install pooch", error=ImportError):
        fetch(URL, BLOB)


def test_identify_may_be_another_rule(mirror, data_home, complains):
    def refuse(path):
        raise ValueError("it is green")

    assert fetch(URL, "6 bytes", identify=lambda path: f"{path.stat().st_size} bytes").read_bytes() == CONTENT
    with complains("file.bin is not the expected file: it is green", error=DownloadError):
        fetch(URL, BLOB, identify=refuse)
    assert files(data_home)[0].read_bytes() == CONTENT


def test_difference_is_empty_for_the_right_file(tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    assert difference(tmp_path / "file", BLOB) == ""
    assert difference(tmp_path / "file", "other") == f"6 bytes with git id {BLOB}, expected other"
