"""Shared by the deep compared methods: encoders like DRCL's, trained together or one after another, early stopping.

Every method has DRCL's default encoder, optimiser and number of steps, so that a comparison is about the losses. The
defaults of a method's own settings are the authors' where their code was followed and says them, else ours: of a few
tried, what did well by mean validation mAP on digits-halves, minimedia-small and wikipedia-classic. Neither is what
suits other data best, so a benchmark is to be read with the recorded search over each method's ``grid``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import permutations
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ..core.devices import on_device, resolve_device
from ..data.split import Split
from ..method.encoder import Encoder, build_encoder, in_pieces
from ..retrieval.metrics import mean_average_precision
from ..training.batches import batches, generator
from ..training.fitting import Tensors, noisy, tensors
from ..training.monitor import target_map
from ..training.preflight import check_noise
from ..training.settings import Settings
from ..training.watch import Terms, TrainingDiverged, Watch
from .base import Baseline
from .parts import Network, linear_layer, mlp

Batch = Mapping[str, tuple[Tensor, Tensor]]
"""Of each modality: standardised features (b, d) and labels (b, C) of the batch."""

RATES = [3e-4, 1e-3, 3e-3]
"""Learning rates in every deep method's grid, beside two values of what matters most of its own: six combinations."""

STEP = 128
"""An epoch passes over the data once for each so many items in a batch, see :class:`DeepBaseline`."""


@dataclass(eq=False)
class DeepBaseline(Baseline):
    """A compared method with one encoder for each modality. Methods add their loss; encoders and training are DRCL's.

    Args:
        hidden: hidden widths of each encoder.
        dim: D, the width of its output.
        standardise: bring each feature to mean 0 and standard deviation 1.
        learning_rate: Adam's.
        batch_size: items of each modality in a batch, at most.
        epochs: each is one pass over the largest modality, with batches of over 128 two, of over 256 three, and so on,
            so that larger batches don't mean fewer steps; smaller modalities are repeated.
        patience: stop after so many epochs without a better validation score; the best epoch counts. The score is
            the mean mAP over the tasks, for modalities trained alone that of
            :func:`drcl_mini.training.monitor.target_map`.
        label_noise: share of the training labels made wrong, the same ones as DRCL's of the same seed. Pairs stay as
            they are: those that ``class_pairs`` makes know the true classes, so they give away what noise should hide.

    Attributes:
        networks_: the network of each modality; one for all, where they train together.
        history_: a record for each epoch: losses and the validation score.
    """

    together: ClassVar[bool] = True
    """Whether all modalities train at once; else one after another."""
    shares_last: ClassVar[bool] = False
    """Whether the last layer is one for all modalities; then that of an encoder is a hidden one, with a bias."""
    unit_rows: ClassVar[bool] = True
    """Whether only the direction of outputs counts; else the last layer starts in ±1/√fan-in, not in ±1/√d_v."""
    grid: ClassVar[dict[str, list]] = {}
    """What a benchmark may choose on validation data: six combinations, the defaults among them."""

    hidden: tuple[int, ...] = (256, 256)
    dim: int = 256
    standardise: bool = True
    learning_rate: float = 1e-3
    batch_size: int = 128
    epochs: int = 60
    patience: int | None = 15
    label_noise: float = 0.0

    def __post_init__(self) -> None:
        try:
            self._settings(self.dim)
        except ValueError as error:
            raise ValueError(f"{self.title}: {error}") from None
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is float and not (isinstance(value, Real) and 0 <= value < math.inf):
                raise ValueError(
                    f"{self.title}: setting {field.name!r} is {value!r}, expected a number of at least 0"
                )

    def _settings(self, width: int) -> Settings:
        return Settings(
            **{name: getattr(self, name) for name in SETTINGS}, dim=width, device=self.device
        )

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        """What is trained beside the encoders of these modalities."""
        return {}

    def _losses(self, network: Network, batch: Batch) -> Terms:
        """Named losses of a batch; the sum of all is minimised."""
        raise NotImplementedError

    def _rows(self, network: Network, name: str, x: Tensor) -> Tensor:
        """Standardised features (n, d) → rows in the common space, before normalisation."""
        return network.outputs(name, x)

    def _targets(self) -> Tensor:
        """For modalities trained alone: what each class should be in the common space, (C, ·)."""
        return torch.eye(self.n_classes_, dtype=torch.float32, device=self._device)

    def _settle(self, network: Network, data: Tensors) -> None:
        """What is worked out from the training data after each epoch."""

    def _width(self) -> int:
        """The width of the encoders' outputs."""
        return self.dim

    def _learn(self, train: Split, validation: Split | None) -> None:
        settings = self._settings(self._width())
        if self.shares_last and not settings.hidden:
            raise ValueError(
                f"hidden is (), {self.title} needs at least one hidden width before its shared layer"
            )
        self._device = resolve_device(self.device)
        data, held = (
            tensors(split, self.n_classes_, self._device) for split in (train, validation)
        )
        for name, (x, y) in data.items():
            check_noise(train, name, settings)
            data[name] = x, noisy(y, settings, name)
        self.networks_: dict[str, Network] = {}
        self.history_: list[dict[str, Any]] = []
        for names in (
            [train.modalities] if self.together else [(name,) for name in train.modalities]
        ):
            self._train(names, {name: data[name] for name in names}, held, settings)

    def _train(
        self, names: tuple[str, ...], data: Tensors, held: Tensors, settings: Settings
    ) -> None:
        """One run: the encoders of these modalities, and what else the method trains."""
        network = self._network(names, data, settings)
        self.networks_ |= dict.fromkeys(names, network)
        source = generator(self.seed, "rows", *names)
        most = max(len(x) for x, _ in data.values())
        settings = settings.but(batch_size=min(settings.batch_size, most))
        drawn = most * math.ceil(settings.batch_size / STEP)  # items of each modality in an epoch
        order: dict[str, Tensor] = {}

        def shuffle() -> None:
            for name, (x, _) in data.items():
                rounds = range(
                    -(-drawn // len(x))
                )  # whole ones, so that a smaller modality is repeated evenly
                if self.needs_pairs:
                    rows = [torch.arange(most) for _ in rounds]
                else:
                    rows = [torch.randperm(len(x), generator=source) for _ in rounds]
                order[name] = torch.cat(rows)[:drawn].to(x.device)

        scored = {name: held[name] for name in names if name in held}
        if len(scored) <= self.together:  # one modality has nothing to find
            scored = {}
        best = (lambda record: record["validation_map"]) if scored else None
        patience = settings.patience if scored else None
        adam = torch.optim.Adam(
            network.parameters(), settings.learning_rate, settings.betas, fused=True
        )
        shuffled = generator(self.seed, "batches", *names)
        epochs = range(1, settings.epochs + 1)
        shuffle()
        watch = Watch(network, adam, shuffled, epochs, best, patience)
        try:
            with watch:
                for epoch in watch:
                    for index, _ in batches(
                        drawn, settings.batch_size, settings.drop_last, shuffled, self._device
                    ):
                        rows = {name: order[name][index] for name in names}
                        batch = {
                            n: (network.standard(n, data[n][0][row]), data[n][1][row])
                            for n, row in rows.items()
                        }
                        terms = self._losses(network, batch)
                        total = torch.stack(list(terms.values())).sum()
                        network.zero_grad()
                        total.backward()
                        adam.step()
                        watch.add(len(index), **terms, total=total)
                    means, scores = watch.means(), {}
                    shuffle()
                    if scored:
                        self._settle(network, data)
                        scores["validation_map"] = self._score(scored)
                    watch.end_epoch(epoch=epoch, **means, **scores)
        except (
            torch.linalg.LinAlgError
        ) as error:  # DCCA's and SMLN's matrices, when the outputs are not finite
            advice = f"lower the learning rate ({settings.learning_rate:g})"
            raise TrainingDiverged(
                f"training diverged in epoch {len(watch.records) + 1}: {error}; {advice}"
            ) from None
        finally:
            label = {} if self.together else {"modality": names[0]}
            self.history_ += [{**label, **record} for record in watch.records]
            network.requires_grad_(False)
        self._settle(network, data)

    def _network(self, names: tuple[str, ...], data: Tensors, settings: Settings) -> Network:
        widths = settings
        parts = {}
        if self.shares_last:  # one layer fewer for each encoder, one for all instead
            widths = settings.but(hidden=settings.hidden[:-1], dim=settings.hidden[-1])
            parts["last"] = mlp(settings.hidden[-1], (), settings.dim, generator(self.seed, "last"))
        seeds = {name: generator(self.seed, "encoder", name) for name in names}
        encoders = {name: self._encoder(data[name][0], widths, seeds[name]) for name in names}
        parts |= self._parts(names, generator(self.seed, "parts"))
        return Network(encoders, parts).to(self._device)

    def _encoder(self, x: Tensor, widths: Settings, source: torch.Generator) -> Encoder:
        encoder = build_encoder(x, widths, source)
        if self.shares_last or not self.unit_rows:
            last = encoder.layers[-1]
            encoder.layers[-1] = linear_layer(
                last.in_features, last.out_features, source, bias=self.shares_last
            )
        return encoder

    def _score(self, held: Tensors) -> float:
        """How well validation data are found."""
        rows = {name: self._tensor(name, x) for name, (x, _) in held.items()}
        if not self.together:
            return np.mean(
                [target_map(f, held[name][1], self._targets()).item() for name, f in rows.items()]
            )
        labels = {name: y.long() for name, (_, y) in held.items()}
        tasks = permutations(rows, 2)
        return np.mean(
            [mean_average_precision(rows[a], labels[a], rows[b], labels[b]) for a, b in tasks]
        )

    def _tensor(self, name: str, x: Tensor) -> Tensor:
        network = self.networks_[name]
        with torch.no_grad():
            return in_pieces(
                lambda part: self._rows(network, name, network.standard(name, part)), x
            )

    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        return self._tensor(name, on_device(x, self._device)).cpu().numpy()


SETTINGS = (
    "hidden",
    "standardise",
    "learning_rate",
    "batch_size",
    "epochs",
    "patience",
    "label_noise",
    "seed",
)
"""Fields that mean what they mean in :class:`drcl_mini.Settings`, and are checked there."""
