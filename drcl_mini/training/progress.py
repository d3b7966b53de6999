"""Training that survives a crash: a file keeps what a fit has done, and the fit goes on from it."""

import json
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from ..core.checks import check_integer
from ..core.files import check_writable
from ..core.tensorfile import load_checkpoint, save_checkpoint
from ..data.fingerprint import fingerprint
from ..data.split import Split
from .settings import Settings

FORMAT = "drcl_mini progress"
UNFIT = (KeyError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError)
"""What is raised where a file holds something else than it should."""


ELSEWHERE = ("device", "threads", "progress")
"""Settings that a fit may go on with changed."""


class Training(Protocol):
    """What can be kept: something whose state is tensors and JSON."""

    records: list[dict[str, Any]]
    ended: bool

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]: ...

    def set_state(self, tensors: dict[str, Tensor], about: dict[str, Any]) -> None: ...


class Progress:
    """What a fit has done, phase by phase; a phase is one modality in one stage.

    A phase under way keeps all that its next epoch depends on: weights, the best ones so far,
    Adam's moments, where its random numbers stand. So a fit that goes on from a file ends with the
    same bits as one that was never ended, on the same machine. A phase that is done keeps its
    weights and records.

    Args:
        path: the file; where there is one, the fit goes on from it. It is replaced as a whole, so a
            process that is killed leaves the one before.
        about: what the fit depends on, as JSON keeps it.
        every: epochs between two writes; the end of a phase is always written.

    Raises:
        ValueError: the file is damaged, something else, or of a fit with other settings or data.
    """

    def __init__(self, path: str | os.PathLike, about: Mapping[str, Any], every: int) -> None:
        self.path, self.about, self.every = Path(path), dict(about), every
        self._phases: dict[str, dict[str, Any]] = {}
        self._tensors: dict[str, dict[str, Tensor]] = {}
        if self.path.exists():
            self._read()

    def phase(self, stage: str, modality: str) -> "Phase":
        """The part of the file that belongs to one modality in one stage."""
        return Phase(self, f"{stage} {modality}")

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
                own = {
                    key.removeprefix(start): t
                    for key, t in tensors.items()
                    if key.startswith(start)
                }
                self._phases[name], self._tensors[name] = dict(phases[name]), own
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{str(self.path)!r} holds no progress of this fit: {error}") from None

    def write(self) -> None:
        """Write all phases to the file."""
        whole = {
            f"{number}/{name}": tensor
            for number, phase in enumerate(self._phases)
            for name, tensor in self._tensors[phase].items()
        }
        save_checkpoint(self.path, whole, {"about": self.about, "phases": self._phases}, FORMAT)


def begin_progress(
    path: str | os.PathLike | None,
    every: Any,
    settings: Settings,
    splits: Sequence[Split | None],
    prior: Tensor | None,
) -> Progress | None:
    """The file of a fit's progress; its settings and data must be those of the fit that began it.

    Args:
        path: the file; ``None`` for none.
        every: epochs between two writes.
        settings: of the fit.
        splits: training and validation data.
        prior: W, where one was given.

    Raises:
        ValueError: a bad ``every``, or a file that doesn't belong to this fit.
        OSError: the folder can't be written to.
    """
    if path is None:
        return None
    every = check_integer(every, "every")
    about = {name: value for name, value in vars(settings).items() if name not in ELSEWHERE}
    if settings.class_weight is None:
        del about["class_weight"]  # files written before don't have it
    about["data (digest)"] = fingerprint(dict(zip(("train", "validation"), splits, strict=True)))
    about["prior (digest)"] = None
    if prior is not None:
        about["prior (digest)"] = sha256(prior.cpu().numpy()).hexdigest()[:8]
    check_writable(Path(path).parent)
    return Progress(path, json.loads(json.dumps(about)), every)


class Phase:
    """The part of a :class:`Progress` that belongs to one modality in one stage."""

    def __init__(self, progress: Progress, name: str) -> None:
        self.progress, self.name = progress, name

    def resume(self, training: Training) -> None:
        """Bring a training that begins to where the file stands, if the file has begun this phase.

        Raises:
            ValueError: the file's tensors or records don't fit the training.
        """
        about = self.progress._phases.get(self.name)
        if about is None:
            return
        try:
            _check_records(about["records"], {"score"} if self.name.startswith("prior ") else set())
            training.set_state(self.progress._tensors[self.name], about)
        except UNFIT as error:
            reason = " ".join(str(error).split())
            path = str(self.progress.path)
            raise ValueError(
                f"{path!r} holds no progress of this fit: {self.name}: {reason}"
            ) from None

    def keep(self, training: Training) -> None:
        """Note where a training stands; written every so many epochs and at the end."""
        if not training.ended and len(training.records) % self.progress.every:
            return
        tensors, about = training.state()
        copies = {name: value.detach().cpu().clone() for name, value in tensors.items()}
        self.progress._tensors[self.name], self.progress._phases[self.name] = copies, about
        self.progress.write()


def _check_records(records: list[dict[str, Any]], more: set[str]) -> None:
    """Records as a file holds them: numbers by name, the ones that every epoch has among them."""
    keys = {"epoch", "total", "q"} | more
    for record in records:
        numbers = all(type(value) in (int, float) for value in record.values())
        if not numbers or not keys <= record.keys():
            raise ValueError("its records aren't those of the first epochs")
