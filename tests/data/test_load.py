import numpy as np
import pytest
from sklearn.datasets import load_digits

from drcl_mini import available_datasets, load_dataset
from drcl_mini.data.dataset import MultimodalDataset
from drcl_mini.data.load import load_released_outputs


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits-halves")


def test_digits_halves_are_halves_of_different_digits(digits):
    pictures = load_digits()
    halves = {"top": pictures.images[:, :4], "bottom": pictures.images[:, 4:]}
    used = {}
    for name, half in halves.items():
        rows = half.reshape(len(half), -1)
        where = {row.tobytes(): [] for row in rows}
        for i, row in enumerate(rows):
            where[row.tobytes()].append(i)
        given = [getattr(digits, part) for part in ("train", "validation", "test")]
        features = np.concatenate([part.features[name] for part in given]).astype(rows.dtype)
        labels = np.concatenate([part.labels[name] for part in given])
        found = [where[row.tobytes()] for row in features]
        assert all(label in pictures.target[i] for label, i in zip(labels, found, strict=True))
        used[name] = {i[0] for i in found if len(i) == 1}
        assert len(used[name]) > 0.97 * len(features)
    assert not used["top"] & used["bottom"]


def test_digits_halves_sizes(digits):
    sizes = {"train": (600, 478), "validation": (150, 119), "test": (250, 200)}
    for part, expected in sizes.items():
        split = getattr(digits, part)
        assert tuple(len(x) for x in split.features.values()) == expected
        assert all(set(y.tolist()) == set(range(10)) for y in split.labels.values())
    for name, pictures in digits.items.items():
        assert np.array_equal(pictures.reshape(len(pictures), -1), digits.test.features[name])


def test_files_in_the_data_folder_are_data_sets(data_home, train):
    embedded = ["minimedia", "minimedia-small", "digits-halves", "numbers", "things", "things-groups", "things-fine"]
    embedded += [f"numbers-{name}" for name in ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")]
    assert available_datasets() == embedded
    MultimodalDataset(train, None, train, "toy", tuple("abc")).to_npz(data_home / "toy.npz")
    (data_home / "released-outputs.npz").write_bytes(b"")
    assert available_datasets() == [*embedded, "toy"]
    assert load_dataset("toy").classes == ("a", "b", "c")


def test_a_known_data_set_that_is_not_there_names_its_command(data_home, complains):
    with complains(
        "wikipedia-classic", str(data_home), "python -m data_scripts wikipedia-classic", error=FileNotFoundError
    ):
        load_dataset("wikipedia-classic")
    with complains("python -m data_scripts released-outputs", error=FileNotFoundError):
        load_released_outputs()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off"])
def test_released_outputs_that_are_cut_off(data_home, complains, content):
    data_home.mkdir()
    (data_home / "released-outputs.npz").write_bytes(content)
    with complains("released-outputs"):
        load_released_outputs()


def test_released_outputs_that_are_something_else(data_home, complains):
    data_home.mkdir()
    np.savez(data_home / "released-outputs.npz", x=np.ones(3))
    with complains("released-outputs", "image/features"):
        load_released_outputs()


@pytest.mark.parametrize("name", ["digits", "", "../digits-halves", None])
def test_an_unknown_data_set_names_the_near_ones(name, complains):
    with complains(f"unknown data set {name!r}", "'digits-halves'"):
        load_dataset(name)


@pytest.fixture
def outputs(built, monkeypatch):
    built("released-outputs", monkeypatch)
    return load_released_outputs()


@pytest.mark.mirror
def test_released_outputs_have_their_shapes(outputs):
    assert {name: x.shape for name, x in outputs.test.features.items()} == dict.fromkeys(["image", "text"], (462, 2048))
    assert {name: x.shape for name, x in outputs.predictions.items()} == dict.fromkeys(["image", "text"], (462, 10))
    assert {name: w.shape for name, w in outputs.priors.items()} == dict.fromkeys(["image", "text"], (2048, 10))
    assert np.array_equal(outputs.test.labels["image"], outputs.test.labels["text"])
    assert "0.5619" in outputs.log


@pytest.mark.mirror
def test_released_outputs_show_what_is_known_of_them(outputs):
    assert np.array_equal(outputs.prior, outputs.priors["image"])
    assert np.linalg.cond(outputs.prior) == pytest.approx(3.07, abs=0.005)
    accuracy = {name: (p.argmax(axis=1) == outputs.test.labels[name]).mean() for name, p in outputs.predictions.items()}
    assert accuracy == pytest.approx({"image": 0.561, "text": 0.855}, abs=0.0005)
    basis, _ = np.linalg.qr(outputs.prior.astype(float))
    inside = {name: np.mean(((x @ basis) ** 2).sum(axis=1)) for name, x in outputs.test.features.items()}
    assert inside == pytest.approx({"image": 0.43, "text": 0.81}, abs=0.005)
    lengths = np.linalg.norm(np.linalg.pinv(outputs.prior.astype(float)), axis=1)
    assert (round(lengths.min(), 2), round(lengths.max(), 2)) == (0.22, 0.28)


def test_a_file_anywhere_is_loaded_by_its_path(tmp_path, train, complains):
    path = MultimodalDataset(train, None, train, "toy", tuple("abc")).to_npz(tmp_path / "elsewhere.npz")
    for given in (path, str(path)):
        assert load_dataset(given).name == "toy"
    with complains(f"no data file {str(tmp_path / 'none.npz')!r}", error=FileNotFoundError):
        load_dataset(tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", x=np.ones(3))
    with complains("other.npz", "no whole data file", "it lacks 'classes'"):
        load_dataset(tmp_path / "other.npz")
    with complains("unknown data set '/some/where/mine'", "path of an .npz"):
        load_dataset("/some/where/mine")


def test_each_speaker_of_numbers_is_a_stranger_once():
    whole = load_dataset("numbers")
    voice = load_dataset("numbers-theo")
    assert (voice.name, voice.modalities) == ("numbers-theo", whole.modalities)
    told = set(voice.items["speech titles"].tolist())
    assert all("theo" in title for title in told)
    heard = voice.raw["train"]["speech titles"].tolist() + voice.raw["validation"]["speech titles"].tolist()
    assert not any("theo" in title for title in heard)
    assert (voice.test.features["sign"] == whole.test.features["sign"]).all()
