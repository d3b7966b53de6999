import io
import time
from types import SimpleNamespace

import pytest
import requests

from data_scripts import transfer as module
from data_scripts.transfer import TooLarge, reason, transfer


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Pauses between tries, taken down instead of waited for."""
    taken = []
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=taken.append))
    return taken


@pytest.fixture
def tries(monkeypatch):
    """Have downloads raise these errors one after the other, then succeed; gives the number of tries."""

    def start(*errors):
        made = []

        def download(source, file, most):
            made.append(source)
            file.write(b"half")
            if len(made) <= len(errors):
                raise errors[len(made) - 1]
            file.write(b" and half")

        monkeypatch.setattr(module, "download", download)
        return made

    return start


def http_error(status):
    response = requests.Response()
    response.status_code, response.reason = status, "Some Reason"
    return requests.HTTPError(response=response)


PASSING = {
    "no connection": requests.ConnectionError("HTTPConnectionPool(…): Max retries exceeded"),
    "no answer": requests.ReadTimeout("…"),
    "broken off": requests.exceptions.ChunkedEncodingError("IncompleteRead"),
    "server": http_error(503),
    "too many": http_error(429),
}


@pytest.mark.parametrize("kind", PASSING)
def test_what_may_pass_is_tried_again_from_the_start(tries, pauses, tmp_path, kind):
    made = tries(PASSING[kind], PASSING[kind])
    transfer("http://here/x", tmp_path / "x", 100)
    assert (tmp_path / "x").read_bytes() == b"half and half"
    assert len(made) == 3
    assert pauses == [module.PAUSE, 2 * module.PAUSE]


@pytest.mark.parametrize("kind", PASSING)
def test_three_tries_are_enough(tries, tmp_path, kind):
    made = tries(*[PASSING[kind]] * 5)
    with pytest.raises(type(PASSING[kind])):
        transfer("http://here/x", tmp_path / "x", 100)
    assert len(made) == module.TRIES


@pytest.mark.parametrize("error", [http_error(404), TooLarge(5), TimeoutError("not whole"), OSError(28, "No space")])
def test_what_will_not_pass_is_not_tried_again(tries, pauses, tmp_path, error):
    made = tries(error)
    with pytest.raises(type(error)):
        transfer("http://here/x", tmp_path / "x", 100)
    assert (len(made), pauses) == (1, [])


def test_a_folder_is_copied_from(tmp_path):
    (tmp_path / "x").write_bytes(b"12345")
    transfer(str(tmp_path / "x"), tmp_path / "y", 5)
    assert (tmp_path / "y").read_bytes() == b"12345"
    with pytest.raises(TooLarge, match="larger than the 4 bytes"):
        transfer(str(tmp_path / "x"), tmp_path / "y", 4)


def test_no_byte_too_many_is_written():
    file = io.BytesIO()
    limited = module._Limited(file, 5)
    limited.write(b"123")
    with pytest.raises(TooLarge):
        limited.write(b"456")
    assert file.getvalue() == b"123"


def test_a_thread_that_does_not_end_is_left_alone(monkeypatch, tmp_path):
    import pooch

    monkeypatch.setattr(module, "TIMEOUT", 0.1)

    def drip(self, url, file, _):
        self.kwargs["hooks"]["response"]()
        for _ in range(500):
            file.write(b"1")
            time.sleep(0.01)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", drip)
    with pytest.raises(TimeoutError, match="slower than"):
        transfer("http://here/x", tmp_path / "x", 10**3)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PASSING["no connection"], "no connection to the server"),
        (requests.ConnectionError("HTTPConnectionPool(…): Read timed out."), "no answer within 60 s"),
        (PASSING["no answer"], "no answer within 60 s"),
        (PASSING["broken off"], "the connection broke off before the end"),
        (http_error(404), "the server answers 404 Some Reason"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (requests.TooManyRedirects("Exceeded 30 redirects."), "Exceeded 30 redirects."),
        (TimeoutError("slower\nthan 3 s"), "slower than 3 s"),
    ],
)
def test_reasons_are_short(error, words):
    assert reason(error) == words


def test_a_file_address_is_a_folder_too(tmp_path):
    (tmp_path / "a b").write_bytes(b"content")
    transfer((tmp_path / "a b").as_uri(), tmp_path / "copy", 100)
    assert (tmp_path / "copy").read_bytes() == b"content"
