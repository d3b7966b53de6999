import base64
from dataclasses import replace

import numpy as np
import pytest

from drcl_mini import DRCL, MultimodalDataset, Split, load_dataset
from drcl_mini.data.features import text_features
from drcl_mini.embed import gallery as module
from drcl_mini.embed.gallery import gallery


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
    assert [text.split()[0] for text in texts["shown"]] == [found["classes"][y] for (y,) in texts["labels"]]
    whole = np.concatenate([model.transform(split)["text"] for split in data.splits.values()])
    near = unpacked(texts["vectors"]).reshape(24, -1).astype(float)
    cosines = (near * whole).sum(axis=1) / np.linalg.norm(near, axis=1)
    assert cosines.min() > 0.9999


def test_words_are_embedded_only_where_features_can_be_computed_again(mine, monkeypatch):
    data, model = mine
    store = lambda kind, content: ""  # noqa: E731
    assert gallery(data, model, store)["encoder"]["modality"] == "text"
    monkeypatch.setattr(module, "MOST_WEIGHTS", 10)
    assert gallery(data, model, store)["encoder"] is None
    monkeypatch.undo()
    other = replace(data, source=data.source.replace("text (text) by classic", "text (text) by call:a:b"))
    assert gallery(other, model, store)["encoder"] is None
    unsaid = replace(data, source="")
    assert gallery(unsaid, model, store)["encoder"]["modality"] == "text"
    monkeypatch.setattr(module, "text_features", lambda texts: text_features(text + "!x" for text in texts))
    assert gallery(unsaid, model, store)["encoder"] is None


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


def test_long_texts_or_none_in_the_test_split(mine):
    data, model = mine
    store = lambda kind, content: ""  # noqa: E731
    items = {"text": [str(text) + 600 * " x" for text in data.items["text"]]}
    with pytest.warns(UserWarning, match="not kept"):
        found = gallery(replace(data, items=items, raw={}), model, store)
    assert found["encoder"]["modality"] == "text"
    kept = {name: own for name, own in data.items.items() if not name.startswith("text")}
    train_only = replace(data, test=data.test.only("picture", "sound"), source="", items=kept)
    assert gallery(train_only, model, store)["encoder"]["modality"] == "text"


def test_more_items_than_features(mine, complains):
    data, model = mine
    for key, told in (("text", "7 items of 'text' and features of 6"), ("text titles", "7 titles of 'text'")):
        items = {**data.items, key: [*map(str, data.items[key]), "one more"]}
        with complains("mine: test has ", told):
            gallery(replace(data, items=items), model, lambda kind, content: "")


def test_a_model_of_other_classes_is_told(mine):
    data, model = mine
    model.class_names_ = ("cherry", "leaf", "sea")
    told = r"the model learned other classes \(cherry, leaf, sea\) than mine has \(cherry, leaf, sky\)"
    with pytest.warns(UserWarning, match=told):
        gallery(data, model, lambda kind, content: "")


def test_all_classes_of_an_item(mine):
    data, model = mine

    def hot(split):
        labels = {name: np.eye(3, dtype=int)[y] for name, y in split.labels.items()}
        labels["text"][0] = [1, 0, 1]
        return Split(split.features, labels)

    many = replace(data, train=hot(data.train), validation=hot(data.validation), test=hot(data.test))
    labels = gallery(many, model, lambda kind, content: "")["media"][1]["labels"]
    assert labels[0] == [0, 2]
    assert labels[1] == [int(data.train.labels["text"][1])]
