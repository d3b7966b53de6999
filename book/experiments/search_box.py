"""The search on the book's first page: ``python book/experiments/search_box.py`` writes ``search-box.json``.

DRCL learns pictures, drawings, shapes and clips of ``things``, and words as a modality of their own. The page gets a
small encoder of words in eight bits, and test items with their embeddings, both before and after training. Half a
minute on one core.
"""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from result_file import store
from torch import nn

from drcl_mini import (
    DRCL,
    Encoder,
    Split,
    mean_average_precision,
    precision_at_k,
)
from drcl_mini.data.draw import as_file, pictures
from drcl_mini.data.shipped import load_collection
from drcl_mini.embed.packing import base64_of, eight_bits, weights_of

COMMAND = "python book/experiments/search_box.py"
SEED = 0
COLUMNS = 512
LENGTHS = (2, 3, 4)
"""Letters of the pieces that a word is cut into."""
SMALL, DIM = (64,), 64
"""Hidden width of the small encoder of words, and D."""
SHOWN = {"picture": 64, "drawing": 60, "shape": 48, "clip": 46}
"""By medium, how many test items the page has."""
CHIPS = (
    "dog",
    "train",
    "apple",
    "guitar",
    "rain",
    "castle",
    "shoe",
    "rocket",
)
MOST = 1850
"""Bytes of a tiny picture."""
SURE = 0.5
"""Probability of the best class below which the page says that it guesses."""
WORD = re.compile(r"[^\W_]+")
Pair = tuple[np.ndarray, np.ndarray]


def fnv(text: str) -> int:
    """FNV-1a, 32 bits, of a text in UTF-8: a few lines in any language."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def pieces(text: str) -> list[str]:
    """Pieces of two to four letters of each word, ^ at its beginning and $ at its end."""
    marked = [f"^{word}$" for word in WORD.findall(text.lower())]
    return [
        w[i : i + n] for w in marked for n in LENGTHS for i in range(len(w) - n + 1)
    ]


def word_features(words: Sequence[str]) -> np.ndarray:
    """(n, 512): how many pieces of each word fall into each column; rows of length 1."""
    table = np.zeros((len(words), COLUMNS))
    for row, word in zip(table, words, strict=True):
        for piece in pieces(word):
            row[fnv(piece) % COLUMNS] += 1
    return table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)


def words_of(part: int) -> tuple[list[str], np.ndarray]:
    """Every word of the titles and keywords of a split's texts, with the class of its text."""
    things = load_collection("things")
    text, labels = things.media["text"], things.labels("text", "classes")
    found = [
        (word, labels[i])
        for i in np.flatnonzero(text.part == part)
        for word in WORD.findall(str(text.items[i]).lower())
        if len(word) > 1
    ]
    words, classes = zip(*found, strict=True)
    return list(words), np.array(classes)


def with_words(split: Split, part: int, alone: bool = False) -> Split:
    """A split of things with words as one more modality, or with words alone."""
    words, labels = words_of(part)
    pair = word_features(words).astype(np.float32), labels
    others = ({}, {}) if alone else (split.features, split.labels)
    features, classes = (
        {**own, "word": new} for own, new in zip(others, pair, strict=True)
    )
    return Split(features, classes, split.classes)


def trained(train: Split, validation: Split) -> tuple[dict, dict]:
    """Models before and after training: the media with words, and the small encoder of words against the same W."""
    media = DRCL(dim=DIM, seed=SEED, device="cpu", progress=False)
    media.fit(train, validation)
    fitted = {"after": media}
    fitted["before"] = DRCL(
        dim=DIM, seed=SEED, epochs=0, device="cpu", progress=False
    ).fit(train, validation, media.prior_)
    alone = [
        with_words(s, i, alone=True) for i, s in enumerate((train, validation))
    ]
    small = {
        when: DRCL(
            dim=DIM,
            hidden=SMALL,
            standardise=False,
            seed=SEED,
            device="cpu",
            progress=False,
            **changes,
        ).fit(*alone, media.prior_)
        for when, changes in {"before": {"epochs": 0}, "after": {}}.items()
    }
    return fitted, small


def chosen(labels: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """So many rows, of all classes in turn, and of new concepts before a second item of one."""
    order = np.random.default_rng(SEED).permutation(len(labels))
    places, seen = {}, {}
    for i in order:
        seen[groups[i]] = seen.get(groups[i], -1) + 1
        places[i] = (seen[groups[i]], labels[i])
    turn: dict[Any, int] = {}
    ranked = []
    for i in sorted(order, key=lambda i: places[i][0]):
        turn[labels[i]] = turn.get(labels[i], -1) + 1
        ranked.append((turn[labels[i]], int(i)))
    return np.array(sorted(i for _, i in sorted(ranked)[:count]))


def tiny(item: Any, moving: bool) -> tuple[str, int]:
    """A small picture as a data address, and how many frames lie side by side in it."""
    kind, data = as_file(item)
    if not moving and len(data) <= MOST:
        return address(kind, data), 1
    frames = pictures(item)
    picked = frames[
        np.linspace(0, len(frames), 4 if moving else 1, endpoint=False).astype(int)
    ]
    side = 56 if moving else 72
    small = [
        Image.fromarray(f)
        .convert("RGB")
        .resize((side, side), Image.Resampling.LANCZOS)
        for f in picked
    ]
    strip = Image.fromarray(np.concatenate([np.asarray(f) for f in small], axis=1))
    for quality in range(80, 0, -5):
        file = io.BytesIO()
        strip.save(file, "WEBP", quality=quality, method=6)
        if len(file.getvalue()) <= MOST:
            return address("image/webp", file.getvalue()), len(picked)
    raise ValueError(f"no small picture of {kind}")


def address(kind: str, data: bytes) -> str:
    """The data address of a file."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def numbers(text: str, kind: Any = np.float32) -> np.ndarray:
    """What :func:`base64_of` was given, in float64."""
    return np.frombuffer(base64.b64decode(text), kind).astype(np.float64)


def opened(content: Mapping[str, Any], when: str) -> Encoder:
    """The package's encoder of words with the page's weights, in float64."""
    layers = content["encoders"][when]
    widths = [len(numbers(layer["scale"])) for layer in layers]
    encoder = Encoder(
        content["columns"], tuple(widths[:-1]), widths[-1], torch.Generator()
    ).double()
    linear = [layer for layer in encoder.layers if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for own, layer in zip(layers, linear, strict=True):
            scale = numbers(own["scale"])[:, None]
            weight = (
                numbers(own["weights"], np.int8).reshape(len(scale), -1) * scale
            )
            layer.weight.copy_(torch.from_numpy(weight))
            if own["bias"]:
                layer.bias.copy_(torch.from_numpy(numbers(own["bias"])))
    return encoder


def embedded(
    content: Mapping[str, Any], words: Sequence[str], when: str = "after"
) -> np.ndarray:
    """Unit rows of words, by the page's weights."""
    with torch.no_grad():
        return opened(content, when)(torch.from_numpy(word_features(words))).numpy()


def items_of(content: Mapping[str, Any], when: str = "after") -> np.ndarray:
    """Unit rows of the page's items."""
    rows = numbers(content["vectors"][when], np.int8).reshape(
        len(content["items"]), -1
    )
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def rankings(
    content: Mapping[str, Any], words: Sequence[str], when: str = "after"
) -> np.ndarray:
    """(words, items): items by their cosine with each word, the nearest first, equal ones in their own order."""
    cosines = embedded(content, words, when) @ items_of(content, when).T
    return np.argsort(-cosines.round(12), axis=1, kind="stable")


def probabilities(content: Mapping[str, Any], words: Sequence[str]) -> np.ndarray:
    """(words, classes): what W reads from the words."""
    prior = numbers(content["prior"]).reshape(len(content["classes"]), -1)
    logits = torch.from_numpy(embedded(content, words) @ prior.T)
    return logits.softmax(dim=1).numpy()


def measured(
    content: Mapping[str, Any], full: Pair | None = None
) -> dict[str, Any]:
    """mAP of test words as queries for the page's items, and how often a word's class is right.

    Args:
        content: what the page holds.
        full: unit rows of the same words and items by the full model, if they are to be scored, too.
    """
    words, labels = words_of(2)
    classes = np.array([item["label"] for item in content["items"]])
    stored = {
        when: (embedded(content, words, when), items_of(content, when))
        for when in ("before", "after")
    }
    pairs = ({"full": full} if full else {}) | stored
    maps = {
        name: round(mean_average_precision(q, labels, g, classes), 5)
        for name, (q, g) in pairs.items()
    }
    found = probabilities(content, words)
    right, sure = found.argmax(axis=1) == labels, found.max(axis=1) >= SURE
    seen = np.isin(words, content["words"])
    groups = {"seen": seen, "unseen": ~seen, "unseen, sure": ~seen & sure}
    ten = {
        when: round(precision_at_k(q[seen], labels[seen], g, classes, k=10), 4)
        for when, (q, g) in stored.items()
    }
    return {
        "map": maps,
        "right among ten": ten,
        "right": {
            name: round(float(right[rows].mean()), 4)
            for name, rows in groups.items()
        },
        "words asked": {name: int(rows.sum()) for name, rows in groups.items()},
    }


def main() -> None:
    """Write the result file."""
    things = load_collection("things")
    data = things.dataset("classes")
    splits = [s.only(*SHOWN) for s in (data.train, data.validation, data.test)]
    fitted, small = trained(*(with_words(s, i) for i, s in enumerate(splits[:2])))
    items: list[dict] = []
    vectors: dict[str, list] = {"before": [], "after": []}
    for medium, count in SHOWN.items():
        own = things.media[medium]
        test = np.flatnonzero(own.part == 2)
        labels = things.labels(medium, "classes")
        rows = test[chosen(labels[test], own.group[test], count)]
        for row, item in zip(rows, own.take(rows), strict=True):
            shown, frames = tiny(item, moving=medium in ("shape", "clip"))
            about = {
                "medium": medium,
                "label": int(labels[row]),
                "title": str(own.group[row]),
            }
            items.append(about | {"picture": shown, "frames": frames})
        for when, model in fitted.items():
            vectors[when].append(
                model.transform({medium: own.features[rows].astype(np.float32)})[
                    medium
                ]
            )
    table = {when: np.concatenate(rows) for when, rows in vectors.items()}
    content = {
        "columns": COLUMNS,
        "classes": list(data.classes),
        "chips": CHIPS,
        "words": sorted(set(words_of(0)[0])),
        "sure": SURE,
        "prior": base64_of(fitted["after"].prior_.numpy().T),
        "encoders": {
            when: weights_of(model.encoders_["word"])["layers"]
            for when, model in small.items()
        },
        "vectors": {
            when: base64_of(eight_bits(rows)[0]) for when, rows in table.items()
        },
        "items": items,
    }
    asked = word_features(words_of(2)[0]).astype(np.float32)
    full = fitted["after"].transform({"word": asked})["word"], table["after"]
    content |= measured(content, full)
    print(content["map"], content["right among ten"], content["right"])
    store("search-box", COMMAND, content)


if __name__ == "__main__":
    main()
