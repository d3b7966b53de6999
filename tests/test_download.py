import pytest

from data_scripts.download import DownloadError, blob_id, fetch

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


def test_blob_id_is_gits():
    assert blob_id(CONTENT) == BLOB


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


def test_no_answer_is_an_error_that_speaks_of_mirrors(data_home, monkeypatch, complains):
    monkeypatch.delenv("DRCL_MINI_MIRROR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with complains("can't fetch http://127.0.0.1:9/x", "DRCL_MINI_MIRROR", error=DownloadError):
        fetch("http://127.0.0.1:9/x", BLOB)
    assert files(data_home) == []
