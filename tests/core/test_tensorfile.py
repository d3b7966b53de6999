import pytest
import torch

from drcl_mini.core.tensorfile import load_checkpoint, save_checkpoint

TENSORS = {"a": torch.arange(6.0).reshape(2, 3).T, "b": torch.tensor([True, False]), "c": torch.zeros(0)}
HEADER = {"name": "ü", "numbers": [1, 2.5, None]}


def test_tensors_and_header_come_back(tmp_path):
    tensors, header = load_checkpoint(save_checkpoint(tmp_path / "some", TENSORS, HEADER, "toy"), "toy")
    assert header == HEADER
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], x) and tensors[name].dtype == x.dtype for name, x in TENSORS.items())


@pytest.mark.parametrize(
    ("make", "fragments", "error"),
    [
        (lambda path: save_checkpoint(path, TENSORS, HEADER, "other"), ["safetensors file", "no toy"], ValueError),
        (lambda path: path.write_text("text"), ["cut off, damaged or no checkpoint"], ValueError),
        (lambda path: path.mkdir(), ["no checkpoint: it is a folder"], ValueError),
        (lambda path: None, ["no checkpoint"], FileNotFoundError),
    ],
)
def test_what_is_no_checkpoint_of_the_kind_is_named(tmp_path, make, fragments, error, complains):
    make(tmp_path / "some")
    with complains(str(tmp_path / "some"), *fragments, error=error):
        load_checkpoint(tmp_path / "some", "toy")


def test_a_file_that_cannot_be_opened_is_not_called_damaged(tmp_path, monkeypatch):
    path = save_checkpoint(tmp_path / "some", TENSORS, HEADER)

    def refused(*_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(PermissionError):
        load_checkpoint(path)
