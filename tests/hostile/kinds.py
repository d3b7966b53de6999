"""The kinds of files that readers of the package take: how a good one is made, damaged, and read."""

import contextlib
import json
import runpy
import struct
import sys
from pathlib import Path

import numpy as np
import torch
from damage import Kind, hostile_json, hostile_npz
from safetensors.torch import load, save
from sources import Converted

from drcl_mini import DRCL, MultimodalDataset, load_dataset
from drcl_mini.core.tensorfile import digest
from drcl_mini.data.load import load_released_outputs
from drcl_mini.experiments.plan.grid import Task
from drcl_mini.experiments.store.results import read_results, records_of
from drcl_mini.experiments.store.writing import ResultsFile
from drcl_mini.retrieval.index import FaissIndex
from drcl_mini.training import progress

TESTS = Path(__file__).parents[1]
sys.path.append(str(TESTS))  # servers.py, which conftest.py imports
TINY = {"hidden": (8,), "dim": 6, "batch_size": 16, "prior_epochs": 2, "epochs": 3, "device": "cpu", "progress": False}
BLOBS = runpy.run_path(str(TESTS / "conftest.py"))["blobs"]


class Npz(Kind):
    """A data set in the data folder, read by its name; its card beside it is damaged, too, and never read."""

    place = "data/some.npz"

    def make(self, path):
        held = {"items": {"text": ["a", "b"], "image": [np.arange(3), np.arange(5)]}, "source": "made"}
        MultimodalDataset(BLOBS(), BLOBS(seed=1), BLOBS(seed=2), "some", tuple("abc"), **held).to_npz(path)

    def read(self, path):
        found = MultimodalDataset.from_npz(path)
        return [split.features[name] for split in found.splits.values() for name in split.modalities]

    own = staticmethod(hostile_npz)


class Card(Npz):
    """The card of a data set: people read it, the package doesn't."""

    place = "data/carded.json"

    def make(self, path):
        super().make(path.with_suffix(".npz"))
        path.write_text(json.dumps({"name": "some", "classes": ["a", "b"], "split": {"train": {"image": [24, 7]}}}))

    def read(self, path):
        return [load_dataset("carded").train.features["image"]]

    def own(self, content, chance, trap):
        return hostile_json(content.decode(), chance).encode(errors="surrogatepass")


class Outputs(Npz):
    """The authors' released outputs."""

    place = "data/released-outputs.npz"

    def make(self, path):
        arrays = {"prior": np.ones((6, 3), np.float32), "log": np.array("log")}
        for name in ("image", "text"):
            rows = {"features": np.ones((5, 6), np.float32), "labels": np.arange(5) % 3}
            rows |= {"predictions": np.ones((5, 3), np.float32), "prior": np.ones((6, 3), np.float32)}
            arrays |= {f"{name}/{key}": value for key, value in rows.items()}
        np.savez_compressed(path, **arrays)

    def read(self, path):
        return list(load_released_outputs().test.features.values())


class Tensors(Kind):
    """Safetensors: the header is damaged, or what it says of its own, with a checksum that fits."""

    kind = "drcl_mini model"

    def own(self, content, chance, trap):
        size = struct.unpack("<Q", content[:8])[0]
        header, rest = content[8 : 8 + size].decode(), content[8 + size :]
        if chance.random() < 0.3:
            header = hostile_json(header, chance).encode(errors="surrogatepass")
            return struct.pack("<Q", len(header)) + header + rest
        return self.forge(load(bytes(content)), json.loads(header)["__metadata__"]["header"], chance)

    def forge(self, tensors, text, chance):
        """Other contents, as the package itself would write them."""
        if chance.random() < 0.4:
            name = chance.choice(sorted(tensors))
            x = tensors[name]
            new = [x.double(), x.to(torch.bfloat16), x.bool(), x.long(), x[None], x.reshape(-1), x * torch.nan]
            new += [torch.zeros(3), torch.zeros(0, 5), x.to(torch.complex64), x.to(torch.float8_e5m2), None]
            tensors[name] = chance.choice(new)
            tensors = {key: value for key, value in tensors.items() if value is not None}
        else:
            text = hostile_json(text, chance)
        about = {"format": self.kind, "version": "1", "header": text, "sha256": digest(tensors, text)}
        return save({name: tensor.contiguous() for name, tensor in tensors.items()}, about)


class Model(Tensors):
    """A trained model."""

    place = "model"

    def make(self, path):
        self.data = BLOBS()
        DRCL(**TINY).fit(self.data).save(path)

    def read(self, path):
        model = DRCL.load(path, "cpu")
        return list(model.transform(self.data.only(*model.encoders_)).values())


class Progress(Tensors):
    """What a fit has done so far, half of it."""

    place = "progress"
    kind = progress.FORMAT

    def make(self, path):
        self.data = BLOBS()

        write, written = progress.save_checkpoint, []

        def some(*arguments):
            write(*arguments)
            written.append(path)
            if len(written) == 6:  # both priors, and an encoder's second epoch of three
                raise InterruptedError

        progress.save_checkpoint = some
        with contextlib.suppress(InterruptedError):
            DRCL(**TINY).fit(self.data, checkpoint=path, every=1)
        progress.save_checkpoint = write

    def read(self, path):
        return list(DRCL(**TINY).fit(self.data, checkpoint=path).transform(self.data).values())


class Index(Tensors):
    """An index of a gallery."""

    place = "index"

    def make(self, path):
        self.rows = BLOBS({"image": (60, 5)}).features["image"]
        FaissIndex.build(self.rows).save(path)

    def read(self, path):
        return [FaissIndex.load(path).search(self.rows, 3).scores]


class Results(Kind):
    """Records of a grid."""

    place = "results.jsonl"

    def make(self, path):
        score = {"query": "image", "gallery": "text", "k": "all", "map": 0.5}
        outcome = {"scores": [score], "validation": 0.5, "seconds": 1.0}
        with ResultsFile(path) as file:
            for number in range(3):
                task = Task("some", f"method {number}", "DRCL", {"hidden": [8], "dim": 6}, (0, 1))
                file.append(records_of(task, [outcome] * 2))

    def read(self, path):
        records = read_results(path)
        return [np.array([score["map"] for record in records for score in record["scores"]], object)]

    def own(self, content, chance, trap):
        lines = content.decode().splitlines()
        place = chance.randrange(len(lines))
        lines[place] = hostile_json(lines[place], chance)
        return ("\n".join(lines) + "\n").encode(errors="surrogatepass")


KINDS = {
    "npz": Npz,
    "card": Card,
    "released outputs": Outputs,
    "mat v5": lambda: Converted("xmedia", "v5"),
    "mat v5, plain": lambda: Converted("xmedianet", "v5, plain"),
    "mat v7.3": lambda: Converted("xmedianet", "v7.3"),
    "hdf5": lambda: Converted("nus-wide", "hdf5"),
    "model": Model,
    "progress": Progress,
    "index": Index,
    "results": Results,
}
