"""What the figure that trains DRCL in the page is given: small real features of ``numbers``, and scores to beat.

Features of each modality are its first principal components, fitted on training items, as whole numbers of one
byte, divided by their root mean square. On
these very numbers PyTorch trains the same settings with ten seeds, and logistic regression (SM) is fitted, for every pair
of modalities: the page shows its own score beside them.
"""

import base64
import io
from itertools import combinations
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image
from result_file import store
from sklearn.decomposition import PCA

from drcl_mini import (
    DRCL,
    MultimodalDataset,
    Split,
    evaluate,
    fit_many,
    load_dataset,
)
from drcl_mini.baselines import SM
from drcl_mini.data import draw
from drcl_mini.data.items import TITLES

COMMAND = "python book/experiments/live_numbers.py"
DIMENSIONS, SHOWN, SEEDS = 40, 6, range(10)
"""Principal components; test items of each class that the page shows; seeds of PyTorch."""
SETTINGS: dict[str, Any] = {
    "hidden": (64,),
    "dim": 32,
    "standardise": False,
    "prior_epochs": 15,
    "epochs": 30,
    "batch_size": 64,
    "learning_rate": 5e-3,
    "prior_learning_rate": 3e-3,
    "patience": None,
}
"""Of DRCL, in the page and here."""
SVG, SAFE = "http://www.w3.org/2000/svg", "/:,='"
PARTS = ("train", "validation", "test")


def small(data: MultimodalDataset) -> tuple[MultimodalDataset, dict[str, Any]]:
    """The data set with features of one byte each, and the same as text for the page."""
    splits = {part: getattr(data, part) for part in PARTS}
    tables: dict[str, dict[str, np.ndarray]] = {part: {} for part in PARTS}
    told = {}
    for name, x in data.train.features.items():
        reduce = PCA(min(DIMENSIONS, x.shape[1]), svd_solver="full").fit(x)
        rows = {
            part: reduce.transform(split.features[name])
            for part, split in splits.items()
        }
        scale = np.abs(rows["train"]).max() / 127
        whole = {
            part: np.clip(np.rint(r / scale), -127, 127).astype(np.int8)
            for part, r in rows.items()
        }
        size = float(np.sqrt(np.square(whole["train"], dtype=float).mean()))
        for part, r in whole.items():
            tables[part][name] = (r / size).astype(np.float32)
        told[name] = {
            "d": int(reduce.n_components_),
            "size": size,
            **{
                part: {
                    "x": base64.b64encode(r.tobytes()).decode(),
                    "y": splits[part].labels[name].tolist(),
                }
                for part, r in whole.items()
            },
        }
    made = [Split(tables[part], splits[part].labels) for part in PARTS]
    return MultimodalDataset(*made, "numbers, small", data.classes), told


def pictures(data: MultimodalDataset) -> dict[str, list[dict[str, Any]]]:
    """Test items to look at, by modality: their row, class, caption, and a small picture where there is one."""
    found = {}
    for name, y in data.test.labels.items():
        rows = [i for c in range(10) for i in np.flatnonzero(y == c)[:SHOWN]]
        found[name] = [
            {
                "row": int(i),
                "y": int(y[i]),
                "title": str(data.items[name + TITLES][i])[:40],
                "picture": _picture(name, data.items[name][i]),
            }
            for i in rows
        ]
    return found


def _picture(name: str, item: Any) -> str:
    """A picture of an item as a data address; empty where a caption says all."""
    if name == "pen":
        x, y = item.astype(int).T
        way = " ".join(
            f"{40 + a * 3 // 2},{190 - b * 3 // 2}"
            for a, b in zip(x, y, strict=True)
        )
        line = f"<polyline points='{way}' fill='none' stroke='#444' stroke-width='14' stroke-linejoin='round'/>"
        return f"data:image/svg+xml,{quote(f'<svg xmlns=%r viewBox=%r>{line}</svg>' % (SVG, '0 0 230 230'), safe=SAFE)}"
    if name not in ("writing", "sign"):
        return ""
    picture = Image.fromarray(draw.pictures(item)[0])
    picture = picture.convert("RGB" if name == "sign" else "L").resize((44, 44))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=45, method=6)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()


def scores(data: MultimodalDataset) -> dict[str, Any]:
    """For each pair of modalities: SM's test mAP, and that of ten seeds of DRCL by PyTorch."""
    found = {}
    for pair in combinations(data.modalities, 2):
        train, held, test = (getattr(data, part).only(*pair) for part in PARTS)
        models = [DRCL(seed=seed, progress=False, **SETTINGS) for seed in SEEDS]
        fit_many(models, train, held)
        found[" ".join(pair)] = {
            "SM": float(SM().fit(train, held).evaluate(test).mean()),
            "PyTorch": [float(evaluate(model, test).mean()) for model in models],
        }
    return found


def main() -> None:
    """Reduce, train, and store."""
    data = load_dataset("numbers")
    reduced, told = small(data)
    content = {
        "classes": list(data.classes),
        "settings": SETTINGS | {"hidden": SETTINGS["hidden"][0]},
    }
    store(
        "live-numbers",
        COMMAND,
        content
        | {"data": told, "items": pictures(data), "scores": scores(reduced)},
    )


if __name__ == "__main__":
    main()
