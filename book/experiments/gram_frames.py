"""How a learned prior's columns part, epoch by epoch: ``python book/experiments/gram_frames.py``.

SPL on the texts of ``things``, once for each number of epochs: a seed repeats its training, so
each run is a longer look at the same one. Ten seconds. The figure ``repulsion`` shows what it finds.
"""

import torch.nn.functional as nnf
from result_file import store

from drcl_mini import DRCL, load_dataset

COMMAND = "python book/experiments/gram_frames.py"
EPOCHS = (0, 1, 2, 3, 5, 8, 11, 14, 17, 20, 30, 40, 60)


def frame(data, epochs: int) -> dict:
    """The cosines of the prior's columns after so many epochs."""
    settings = {"prior": "text", "prior_epochs": epochs, "keep_best_prior": False}
    model = DRCL(epochs=0, progress=False, **settings)
    W = nnf.normalize(model.fit(data.train, data.validation).prior_, dim=0)
    gram = (W.T @ W).double().round(decimals=2) + 0.0  # no -0.0
    return {"epoch": epochs, "gram": gram.tolist()}


def main() -> None:
    """Write the result file."""
    data = load_dataset("things")
    frames = [frame(data, epochs) for epochs in EPOCHS]
    found = {"dataset": "things", "modality": "text", "seed": 0}
    store(
        "gram-frames", COMMAND, found | {"classes": data.classes, "frames": frames}
    )


if __name__ == "__main__":
    main()
