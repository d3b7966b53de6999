"""Shared by the deep compared methods: one encoder for each modality, training, early stopping.

Every method has DRCL's default encoder, optimiser and number of steps, so that a comparison is
about the losses. The defaults of a method's own settings are the authors' where their code was
followed and says them, else ours: of a few tried, what did well by mean validation mAP on
digits-halves, minimedia-small and wikipedia-classic. Neither is what suits other data best, so a
benchmark is to be read with the recorded search in each method's ``space``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import permutations
from operator import itemgetter
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ..core.devices import on_device, resolve_device
from ..data.split import Split
from ..method.encoder import build_encoder
from ..retrieval.metrics import mean_average_precision
from ..training.batches import batches, generator
from ..training.fitting import Tensors, noisy, tensors
from ..training.monitor import monitored_map
from ..training.optimiser import adam
from ..training.preflight import check_monitor, check_noise
from ..training.rows import in_pieces
from ..training.settings import Settings
from ..training.space import TRAINING, Space
from ..training.watch import Record, TrainingDiverged, Watch
from .base import Baseline
from .parts import Network, linear_layer, mlp

Named = Mapping[str, Tensor]
"""Tensors by name: losses by theirs; by modality X_v (b, d_v), Y_v (b, C) or F_v (b, D)."""

TOGETHER: Space = TRAINING
"""What every deep method may choose beside its own settings."""
ALONE: Space = {**TRAINING, "learning_rate": replace(TRAINING["learning_rate"], each=True)}
"""The same where modalities train alone: each has its own learning rate."""

STEP = 128
"""An epoch passes over the data once for each so many items in a batch."""


@dataclass(eq=False)
class DeepBaseline(Baseline):
    """A compared method with an encoder for each modality, trained as DRCL's. Methods add a loss.

    Args:
        hidden: hidden widths of each encoder.
        dim: D, the width of its output.
        standardise: bring each feature to mean 0 and standard deviation 1.
        learning_rate: Adam's; where modalities train alone, it may be a mapping with one for each.
        weight_decay: of AdamW: each step makes weights smaller by this times the learning rate.
        batch_size: items of each modality in a batch, at most.
        epochs: each is one pass over the largest modality, with batches of over 128 two, of over
            256 three, and so on, so that larger batches don't mean fewer steps; smaller modalities
            are repeated.
        patience: stop after so many epochs without a better validation score; the best epoch
            counts. The score is the mean mAP over the tasks, for modalities trained alone that of
            :func:`drcl_mini.training.monitor.target_map`.
        label_noise: share of the training labels made wrong, the same ones as DRCL's of the same
            seed. Pairs stay as they are: those that ``class_pairs`` makes know the true classes, so
            they give away what noise should hide.

    Attributes:
        networks_: the network of each modality; one for all, where they train together.
        history_: a record for each epoch: losses and the validation score.
    """

    together: ClassVar[bool] = True
    """Whether all modalities train at once; else one after another."""
    unit_rows: ClassVar[bool] = True
    """Whether outputs get length 1. If not, the last layer starts in ±1/√fan-in, not ±1/√d_v."""
    shares_last: ClassVar[bool] = False
    """Whether the last layer is one for all modalities; only for outputs of any length."""

    hidden: tuple[int, ...] = (256, 256)
    dim: int = 256
    standardise: bool = True
    learning_rate: float | Mapping[str, float] = 1e-3
    weight_decay: float = 0.0
    batch_size: int = 128
    epochs: int = 60
    patience: int | None = 15
    label_noise: float = 0.0

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        """Losses of a batch; their sum is minimised.

        Args:
            network: F_v comes from it, and it has what else the method trains.
            X: standardised features of each modality.
            Y: labels.
            F: outputs.
        """
        raise NotImplementedError

    def targets(self) -> Tensor:
        """For modalities trained alone: what each class should be in the common space, (C, ·)."""
        return torch.eye(self.n_classes_, dtype=torch.float32, device=self._device)

    def _width(self) -> int:
        """D, the width of the outputs."""
        return self.dim

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        """What is trained beside the encoders of these modalities."""
        return {}

    def _settle(self, network: Network, data: Tensors) -> None:
        """Work out what :meth:`_rows` needs of the training data; done after each epoch."""

    def _rows(self, network: Network, name: str, F: Tensor) -> Tensor:
        """Outputs of a modality (n, D) → rows in the common space, of any length."""
        return F

    def _learn(self, train: Split, validation: Split | None) -> None:
        mine = {field.name: getattr(self, field.name) for field in fields(DeepBaseline)}
        settings = Settings(**mine | {"dim": self._width()})
        if self.shares_last and not settings.hidden:
            raise ValueError(
                f"{self.title} needs a hidden layer before its shared one, hidden is ()"
            )
        self._device = resolve_device(self.device)
        check_monitor(validation, self.n_classes_, "map")  # which picks the epoch
        held = tensors(validation, self.n_classes_, self._device)
        data = {}
        for name, (x, y) in tensors(train, self.n_classes_, self._device).items():
            check_noise(train, name, settings)
            data[name] = x, noisy(y, settings, name)
        self.networks_: dict[str, Network] = {}
        self.history_: list[Record] = []
        runs = [data] if self.together else [{name: own} for name, own in data.items()]
        for run in runs:
            self._train(run, held, settings)

    def _train(self, data: Tensors, held: Tensors, settings: Settings) -> None:
        """One run: the encoders of these modalities, and what else the method trains."""
        network = self._network(data, settings)
        self.networks_ |= dict.fromkeys(data, network)
        most = max(len(x) for x, _ in data.values())
        size = min(settings.batch_size, most)
        drawn = most * math.ceil(size / STEP)  # items of each modality in an epoch
        scored = {name: held[name] for name in data if name in held}
        if self.together and len(scored) == 1:  # one modality has nothing to find
            scored = {}
        about = {} if self.together else {"modality": next(iter(data))}

        def report(record: Record) -> None:
            self.history_.append(about | record)

        order = generator(self.seed, "rows", *data)
        source = generator(self.seed, "batches", *data)
        rate = max(map(settings.rate, data))  # one, unless the modality trains alone
        optimiser = adam(_groups(network), rate, settings)
        epochs = range(1, settings.epochs + 1)
        rank = itemgetter("validation_map") if scored else None
        watch = Watch(network, optimiser, source, epochs, rank, settings.patience, report)
        try:
            with watch:
                for epoch in watch:
                    rows = self._draw(data, drawn, order)
                    for i, _ in batches(drawn, size, False, source, self._device):
                        X = {v: network.standard(v, x[rows[v][i]]) for v, (x, _) in data.items()}
                        Y = {v: y[rows[v][i]] for v, (_, y) in data.items()}
                        F = {v: network.outputs(v, x) for v, x in X.items()}
                        terms = self.losses(network, X, Y, F)
                        total = torch.stack(list(terms.values())).sum()
                        optimiser.zero_grad()
                        total.backward()
                        optimiser.step()
                        watch.add(len(i), **terms, total=total)
                    record = watch.means()
                    if scored:
                        self._settle(network, data)
                        record["validation_map"] = self._score(scored)
                    watch.end_epoch(epoch=epoch, **record)
        except torch.linalg.LinAlgError as error:  # a matrix of outputs that aren't finite
            told = f"training diverged in epoch {epoch}: {error}"
            raise TrainingDiverged(f"{told}; lower the learning rate ({rate:g})") from None
        network.requires_grad_(False)
        self._settle(network, data)

    def _draw(self, data: Tensors, drawn: int, source: torch.Generator) -> Named:
        """The rows of an epoch: all of a modality, again and again until they are enough.

        Each time they are in random order, pairs in their own.
        """
        order = torch.arange if self.needs_pairs else partial(torch.randperm, generator=source)
        rows = {}
        for name, (x, _) in data.items():
            rounds = math.ceil(drawn / len(x))
            parts = [order(len(x)) for _ in range(rounds)]
            rows[name] = torch.cat(parts)[:drawn].to(x.device)
        return rows

    def _network(self, data: Tensors, settings: Settings) -> Network:
        own = settings
        parts = {}
        if self.shares_last:  # one layer fewer for each encoder, one for all instead
            *hidden, width = settings.hidden
            own = settings.replace(hidden=tuple(hidden), dim=width)
            parts["last"] = mlp(width, (), settings.dim, generator(self.seed, "last"))
        encoders = {}
        for name, (x, _) in data.items():
            source = generator(self.seed, "encoder", name)
            encoder = build_encoder(x, own, source)
            if not self.unit_rows:
                *_, d, out = encoder.widths
                encoder.layers[-1] = linear_layer(d, out, source, bias=self.shares_last)
            encoders[name] = encoder
        parts |= self._parts(tuple(data), generator(self.seed, "parts"))
        return Network(encoders, parts, self.unit_rows).to(self._device)

    def _score(self, held: Tensors) -> float:
        """How well validation data are found."""
        F = {name: self._tensor(name, x) for name, (x, _) in held.items()}
        if not self.together:
            ((name, f),) = F.items()
            return monitored_map(f, held[name][1], self.targets()).item()
        Y = {name: y.long() for name, (_, y) in held.items()}
        tasks = permutations(F, 2)
        return np.mean([mean_average_precision(F[a], Y[a], F[b], Y[b]) for a, b in tasks])

    @torch.no_grad()
    def _tensor(self, name: str, x: Tensor) -> Tensor:
        network = self.networks_[name]
        return in_pieces(lambda part: self._rows(network, name, network(name, part)), x)

    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        return self._tensor(name, on_device(x, self._device)).cpu().numpy()


def _groups(network: Network) -> list[dict]:
    """What is trained, for the optimiser; single numbers such as temperatures don't decay."""
    parts: dict[bool, list[Tensor]] = {}
    for parameter in network.parameters():
        parts.setdefault(parameter.ndim == 0, []).append(parameter)
    return [
        {"params": some} | ({"weight_decay": 0.0} if single else {})
        for single, some in parts.items()
    ]
