import base64

import numpy as np
import pytest

from drcl_mini import DRCL, MultimodalDataset, load_dataset
from drcl_mini.data import media
from drcl_mini.data.features import text_features
from drcl_mini.embed import gallery as module
from drcl_mini.embed.gallery import eight_bits, encoded, gallery


@pytest.fixture
def mine(collection, embed, tmp_path, tiny):
    assert embed(collection[0]) == 0
    data = load_dataset(tmp_path / "mine.npz")
    return data, DRCL(**tiny).fit(data.train, data.validation)


def unpacked(text, kind=np.int8):
    return np.frombuffer(base64.b64decode(text), kind)


def test_every_item_of_every_split_is_there(mine):
    data, model = mine
    kept = {}
    found = gallery(data, model, lambda kind, content: kept.setdefault(len(kept), (kind, content)) and str(len(kept)))
    assert [(m["name"], m["kind"], len(m["labels"])) for m in found["media"]] == [
        ("picture", "picture", 24),
        ("text", "text", 24),
        ("sound", "sound", 12),
    ]
    assert found["classes"] == ["cherry", "leaf", "sky"]
    assert len(kept) == 36
    assert {kind for kind, _ in kept.values()} <= {"image/webp", "audio/mpeg", "audio/wav"}
    texts = found["media"][1]
    assert [text.split()[0] for text in texts["shown"]] == [found["classes"][y] for y in texts["labels"]]
    whole = np.concatenate([model.transform(split)["text"] for split in data.splits.values()])
    near = unpacked(texts["vectors"]).reshape(24, -1).astype(float)
    cosines = (near * whole).sum(axis=1) / np.linalg.norm(near, axis=1)
    assert cosines.min() > 0.9999


def test_eight_bits_keep_directions():
    table = np.random.default_rng(0).normal(size=(5, 64)) * [[1e-6], [1], [1e6], [3], [0]]
    rows, scale = eight_bits(table)
    assert (rows.dtype, rows.max(axis=1).tolist()[-1]) == (np.int8, 0)
    assert np.abs(rows * scale[:, None] - table).max() <= 0.51 * scale.max()


def test_words_are_embedded_only_where_features_can_be_computed_again(mine, monkeypatch):
    data, model = mine
    store = lambda kind, content: ""  # noqa: E731
    assert gallery(data, model, store)["encoder"]["modality"] == "text"
    monkeypatch.setattr(module, "MOST_WEIGHTS", 10)
    assert gallery(data, model, store)["encoder"] is None
    monkeypatch.undo()
    monkeypatch.setattr(module, "text_features", lambda texts: text_features(text + "!x" for text in texts))
    assert gallery(data, model, store)["encoder"] is None


def test_what_is_missing_is_told(mine, complains, recwarn):
    data, model = mine
    del model.encoders_["sound"]
    items = {name: own for name, own in data.items.items() if name.startswith("text")}
    bare = MultimodalDataset(data.train, None, data.test, "bare", data.classes, items)
    assert [medium["name"] for medium in gallery(bare, model, str)["media"]] == ["text"]
    told = sorted(str(warning.message) for warning in recwarn)
    assert told == [
        "bare: items of 'picture' are not kept, so they are not on the page",
        "the model has no encoder for 'sound': its items are not on the page",
    ]
    with complains("'none' keeps no items to show"), pytest.warns(UserWarning, match="not on the page"):
        gallery(MultimodalDataset(data.train, None, data.test, "none", data.classes), model, str)


def with_items(data, item):
    items = {**data.items, "picture": np.stack([item] * 6)}
    return MultimodalDataset(data.train, None, data.test, "odd", data.classes, items)


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (np.arange(16, dtype=np.uint8).reshape(8, 2), "image/svg+xml"),
        (np.zeros((64, 3)), "image/gif"),
        (np.zeros((64, 9), np.int8), "image/gif"),
    ],
)
def test_pens_and_shapes_are_drawn(mine, item, kind):
    kinds = []
    found = gallery(with_items(mine[0], item), mine[1], lambda kind, content: kinds.append(kind) or "")
    assert [medium["name"] for medium in found["media"]] == ["picture", "text", "sound"]
    assert kinds[:6] == [kind] * 6


def test_what_cannot_be_shown_is_told(mine):
    with pytest.warns(UserWarning, match="odd: items of 'picture' are no pictures, texts or sounds"):
        found = gallery(with_items(mine[0], np.zeros((4, 4, 4))), mine[1], lambda kind, content: "")
    assert [medium["name"] for medium in found["media"]] == ["text", "sound"]


def test_items_become_what_a_browser_shows():
    kind, content = encoded(np.eye(8))
    assert kind == "image/png"
    assert media.picture(np.frombuffer(content, np.uint8)).shape == (8, 8, 3)
    kind, content = encoded((9000 * np.sin(np.arange(8000) / 9)).astype(np.int16))
    assert kind in ("audio/mpeg", "audio/wav")
    assert len(content) < 17000
    assert encoded(np.frombuffer(b"GIF89a and more", np.uint8)) == ("image/gif", b"GIF89a and more")


def test_without_mp3_sounds_are_wave_files(monkeypatch):
    import soundfile

    real = soundfile.write

    def write(file, samples, rate, format, **options):
        if format == "MP3":
            raise ValueError("unknown format")
        real(file, samples, rate, format=format, **options)

    monkeypatch.setattr(soundfile, "write", write)
    kind, content = encoded(np.arange(-400, 400, dtype=np.int16))
    assert (kind, content[:4]) == ("audio/wav", b"RIFF")
