"""Training that outlives its process: what a fit has done so far stands in one file, from which it goes on."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from .checkpoint import load_checkpoint, save_checkpoint
from .split import Split

if TYPE_CHECKING:
    from .training import Run

FORMAT = "drcl_mini progress"


def fingerprint(splits: Mapping[str, Split | None]) -> str:
    """Eight digits that depend on every feature and every label of some splits.

    Example:
        >>> import numpy as np
        >>> fingerprint({"train": Split({"a": np.eye(2)}, {"a": [0, 1]}), "test": None})
        '354c332a'
    """
    found = hashlib.sha256()
    for part, split in splits.items():
        for modality in split.modalities if split else ():
            x, y = split.features[modality], split.labels[modality]
            found.update(f"{part}, {modality}, {x.shape}, {y.shape}".encode())
            found.update(np.ascontiguousarray(x))
            found.update(np.ascontiguousarray(y))
    return found.hexdigest()[:8]


class Progress:
    """What a fit has done, phase by phase; a phase is one modality in one stage.

    A phase under way keeps all that its next epoch depends on: weights, the best ones so far, Adam's moments, where
    its random numbers stand. So a fit that goes on from a file ends with the same bits as one that was never ended,
    on the same machine. A phase that is done keeps its weights and its records.

    Args:
        path: the file; where there is one, the fit goes on from it. It is replaced as a whole, so that a process that
            is killed leaves the one before.
        about: what the fit depends on, as JSON keeps it.
        every: epochs between two writes; the end of a phase is always written.

    Raises:
        ValueError: the file is damaged, something else, or of a fit that depends on something else.
    """

    def __init__(self, path: str | os.PathLike, about: Mapping[str, Any], every: int) -> None:
        self.path, self.about, self.every = Path(path), dict(about), every
        self._phases: dict[str, dict[str, Any]] = {}
        self._tensors: dict[str, dict[str, Tensor]] = {}
        if self.path.exists():
            self._read()

    def _read(self) -> None:
        tensors, header = load_checkpoint(self.path, FORMAT)
        try:
            before, phases = dict(header["about"]), dict(header["phases"])
            for name in [*self.about, *before]:
                now, then = self.about.get(name, "not there"), before.get(name, "not there")
                if now != then:
                    raise ValueError(f"{name} was {then}, is {now}; use another file, or delete it")
            for number, name in enumerate(phases):
                start = f"{number}/"
                own = {key.removeprefix(start): t for key, t in tensors.items() if key.startswith(start)}
                self._phases[name], self._tensors[name] = dict(phases[name]), own
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{str(self.path)!r} holds no progress of this fit: {error}") from None

    def restore(self, phase: str, run: "Run", optimiser: torch.optim.Optimizer) -> None:
        """Bring a run that begins to where the file's phase stands, if it has begun there.

        Raises:
            ValueError: the file's tensors don't fit the run.
        """
        if phase not in self._phases:
            return
        state, tensors = self._phases[phase], self._tensors[phase]
        parameters = list(run.network.parameters())
        try:
            self._fill(run._good, tensors, "good")
            if state["done"]:
                self._fill([p.data for p in parameters], tensors, "good")
            else:
                self._fill([p.data for p in parameters], tensors, "now")
                run.source.set_state(tensors["random"].cpu())
                moments = [{m: torch.empty_like(p.data) for m in ("exp_avg", "exp_avg_sq")} for p in parameters]
                moments = [{"step": torch.tensor(0.0, dtype=torch.float32), **own} for own in moments]
                for name in moments[0]:  # strides as the weights': a fused Adam reads in memory's order
                    self._fill([own[name] for own in moments], tensors, name)
                optimiser.load_state_dict(optimiser.state_dict() | {"state": dict(enumerate(moments))})
            run._best, run._waited = float(state["best"]), int(state["waited"])
            run.records += self._records(phase, run)
            if run.ended != state["done"]:
                raise ValueError("it says of its end what isn't so")
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError) as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"{str(self.path)!r} holds no progress of this fit: {phase}: {reason}") from None
        for record in run.records:
            run.report(record)

    def _records(self, phase: str, run: "Run") -> list[dict[str, Any]]:
        """The file's records of a phase, after a look that they are such."""
        records = list(self._phases[phase]["records"])
        numbers = all(type(value) in (int, float) for record in records for value in record.values())
        keys = {"epoch", "total", "q"} | ({"score"} if phase.startswith("prior ") else set())
        named = all(keys <= record.keys() for record in records)
        if not numbers or not named or [r["epoch"] for r in records] != list(run.epochs)[: len(records)]:
            raise ValueError("its records aren't those of the first epochs")
        return records

    @staticmethod
    def _fill(into: Sequence[Tensor], tensors: Mapping[str, Tensor], name: str) -> None:
        for number, tensor in enumerate(into):
            found = tensors[f"{name}/{number}"]
            if found.shape != tensor.shape or found.dtype != tensor.dtype:
                raise ValueError(f"{name}/{number} is {found.dtype} {tuple(found.shape)}, not {tuple(tensor.shape)}")
            if not (found >= 0 if name == "exp_avg_sq" else found.isfinite()).all():  # a square may have overflown
                raise ValueError(f"{name}/{number} holds what is no number")
            tensor.copy_(found)

    def keep(self, phase: str, run: "Run", optimiser: torch.optim.Optimizer) -> None:
        """Note where a run stands after an epoch; written every so many epochs and at the end."""
        if not run.ended and len(run.records) % self.every:
            return
        tensors = {f"good/{i}": value for i, value in enumerate(run._good)}
        if not run.ended:
            tensors |= {f"now/{i}": value for i, value in enumerate(run.network.parameters())}
            adam = optimiser.state_dict()["state"]
            tensors |= {f"{name}/{i}": value for i, own in adam.items() for name, value in own.items()}
            tensors["random"] = run.source.get_state()
        self._tensors[phase] = {name: value.detach().cpu().clone() for name, value in tensors.items()}
        state = {"done": run.ended, "records": run.records, "best": run._best, "waited": run._waited}
        self._phases[phase] = state
        whole = {
            f"{number}/{name}": tensor
            for number, own in enumerate(self._tensors[other] for other in self._phases)
            for name, tensor in own.items()
        }
        save_checkpoint(self.path, whole, {"about": self.about, "phases": self._phases}, FORMAT)


class Keeper:
    """The part of a :class:`Progress` that belongs to one phase."""

    def __init__(self, progress: Progress, stage: str, modality: str) -> None:
        self.progress, self.phase = progress, f"{stage} {modality}"

    def restore(self, run: "Run", optimiser: torch.optim.Optimizer) -> None:
        self.progress.restore(self.phase, run, optimiser)

    def keep(self, run: "Run", optimiser: torch.optim.Optimizer) -> None:
        self.progress.keep(self.phase, run, optimiser)
