"""DRCL as an estimator with scikit-learn's manners: settings in, ``fit``, ``transform``, ``predict``, ``search``."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .checkpoint import load_checkpoint, model_state, restore_model, save_checkpoint
from .checks import as_numpy, check_features, check_mapping, nearest, needs, warn
from .consistency import fit_encoder
from .data import Split
from .devices import resolve_device
from .encoder import Encoder, build_encoder, embed
from .preflight import check_against, check_fit, check_prior
from .prior import learn_prior, orthogonal_prior, select_prior, simplex_prior
from .recasting import one_hot
from .search import Neighbours, nearest_neighbours
from .settings import Settings, released_settings
from .training import Report, TrainingDiverged, generator

Tensors = dict[str, tuple[Tensor, Tensor]]


class DRCL:
    """Deep Reversible Consistency Learning: one encoder per modality, all trained towards one prior.

    Args:
        **settings: see :class:`drcl_mini.Settings`; an unknown one is an error.

    Attributes:
        prior_: W (D, C), the prior, frozen after selection.
        prior_source_: the modality it was learned on, or ``"orthogonal"``, ``"simplex"``, ``"given"``.
        priors_: every prior that SPL learned, by modality.
        quality_scores_: SPL's quality score of each.
        encoders_: one :class:`drcl_mini.Encoder` per modality.
        history_: a record for every epoch of every stage and modality: losses, q, scores.
        n_classes_: C.
        partial_: modalities whose training was cut short, by Ctrl-C or because it diverged; usable as they are.
        interrupted_: True after Ctrl-C in the last ``fit`` or ``add_modality``.

    Source: Pu, Qin, Peng, Song and Zheng, IEEE Transactions on Multimedia, 2025 (arXiv 2501.05686).

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = DRCL(prior_epochs=5, epochs=5).fit(data.train, data.validation)
        >>> model.transform(data.test)["top"].shape
        (250, 256)
    """

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings().but(**settings)

    @classmethod
    def released(cls, dataset: str, **settings: Any) -> "DRCL":
        """The authors' released configuration for a data set; see :func:`drcl_mini.released_settings`."""
        return cls(**vars(released_settings(dataset, **settings)))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings, by name."""
        return dict(vars(self.settings))

    def set_params(self, **settings: Any) -> "DRCL":
        """Change settings; they count from the next ``fit`` on."""
        self.settings = self.settings.but(**settings)
        return self

    def __repr__(self) -> str:
        default = Settings()
        changed = {k: v for k, v in self.get_params().items() if v != getattr(default, k)}
        return f"DRCL({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    def fit(self, train: Split, validation: Split | None = None, prior: Any = None) -> "DRCL":
        """Learn and select a prior (SPL), then train each modality's encoder against it (RSC).

        Args:
            train: what to learn from.
            validation: what picks the epoch, and the prior where ``selection="validation"``.
            prior: W (D, C) to use as it is, instead of learning one.

        Raises:
            ValueError: data or settings that don't fit; nothing has changed then.
            TrainingDiverged: a loss stopped being finite; what was trained before is kept.
        """
        s = self.settings
        device = resolve_device(s.device)
        classes = check_fit(train, validation, s)
        given = None if prior is None else check_prior(prior, s.dim, classes).to(device)
        self.__dict__ = {"settings": s}  # forget an earlier fit
        self.n_classes_, self.encoders_, self.history_ = classes, {}, []
        self.priors_, self.quality_scores_, self.partial_ = {}, {}, []
        data, held = self._tensors(train, device), self._tensors(validation, device)
        with self._interruptible():
            self.prior_, self.prior_source_ = self._choose_prior(given, data, held)
            for name in data:
                self._fit_modality(name, data, held)
        return self

    def add_modality(self, name: str, features: Any, labels: Any, validation: tuple[Any, Any] | None = None) -> "DRCL":
        """Train one more encoder against the frozen prior; nothing else moves.

        A modality whose training was cut short can be added again.

        Args:
            name: the new modality's name.
            features: X (n, d).
            labels: class indices (n,) or multi-hot (n, C).
            validation: the same two for validation, ``(features, labels)``.
        """
        self._check_fitted()
        if name in self.encoders_ and name not in self.partial_:
            raise ValueError(f"modality {name!r} is there already: use another name, or  del model.encoders_[{name!r}]")
        if validation is not None and not (isinstance(validation, (tuple, list)) and len(validation) == 2):
            raise ValueError(f"validation is {type(validation).__name__}, expected a pair (features, labels)")
        train = Split({name: features}, {name: labels})
        held = None if validation is None else Split({name: validation[0]}, {name: validation[1]})
        check_against(train, held, self.n_classes_, set(range(self.n_classes_)))
        self.settings.rate(name)
        with self._interruptible():
            device = self.prior_.device
            self._fit_modality(name, self._tensors(train, device), self._tensors(held, device))
        return self

    def transform(self, data: Split | Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Embeddings of each modality: unit rows (n, D) in the common space, float32.

        Args:
            data: a :class:`drcl_mini.Split` or a mapping {modality: features (n, d)}.
        """
        self._check_fitted()
        features = data.features if isinstance(data, Split) else check_mapping(data, "features")
        checked = {}
        for name, x in features.items():
            if name not in self.encoders_:
                raise ValueError(f"no encoder for modality {name!r}: {nearest(name, self.encoders_)}")
            checked[name] = check_features(x, name, self.encoders_[name].widths[0])
        return {name: embed(self.encoders_[name], torch.from_numpy(x)).cpu().numpy() for name, x in checked.items()}

    def predict(self, data: Split | Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The class whose logit F W is greatest, for each item of each modality: int64 (n,)."""
        return {name: (f @ self.prior_.cpu().numpy()).argmax(axis=1) for name, f in self.transform(data).items()}

    def search(self, query: Any, query_modality: str, gallery: Any, gallery_modality: str, k: int = 10) -> Neighbours:
        """The k gallery items nearest to each query: items of one modality found by items of another.

        Every call encodes the gallery. To search it often, keep its ``transform`` and use
        :func:`drcl_mini.nearest_neighbours`.

        Args:
            query: features of the queries (m, d), or of one query (d,).
            query_modality: their modality.
            gallery: features (n, d') of the items to search.
            gallery_modality: their modality.
            k: how many; a smaller gallery gives fewer.

        Returns:
            ``indices`` and ``scores``, (m, k), best first.
        """
        rows = as_numpy(query, f"modality {query_modality!r}: query")
        queries = self.transform({query_modality: rows[None] if rows.ndim == 1 else rows})[query_modality]
        items = self.transform({gallery_modality: gallery})[gallery_modality]
        return nearest_neighbours(queries, items, k, self.prior_.device)

    def save(self, path: str | os.PathLike) -> Path:
        """Write the model to one safetensors file (tensors and JSON, no pickle), whole or not at all."""
        self._check_fitted()
        return save_checkpoint(path, *model_state(self))

    @classmethod
    def load(cls, path: str | os.PathLike, device: str = "auto") -> "DRCL":
        """Read a model that :meth:`save` wrote.

        Raises:
            ValueError: the file is cut off, of another version, or its tensors don't fit its settings.
        """
        where = resolve_device(device)
        tensors, header = load_checkpoint(path)
        try:
            model = cls(**header["settings"]).set_params(device=device)
            restore_model(model, tensors, header, where)
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"{os.fspath(path)!r} is no usable checkpoint: {reason}") from None
        return model

    def _choose_prior(self, given: Tensor | None, data: Tensors, held: Tensors) -> tuple[Tensor, str]:
        s = self.settings
        start = generator(s.seed, "start")
        if given is not None:
            return given, "given"
        fixed = {"orthogonal": orthogonal_prior, "simplex": simplex_prior}
        if s.prior in fixed:
            device = next(iter(data.values()))[0].device
            return fixed[s.prior](s.dim, self.n_classes_, start).to(device), s.prior
        first = orthogonal_prior(s.dim, self.n_classes_, start)
        for name, (x, y) in data.items():
            if s.prior in ("selected", name):
                scored = held[name] if s.selection == "validation" else None
                with self._reporting("prior", name, s.prior_epochs) as report:
                    learned = learn_prior(x, y, first, s, name, scored, report)
                self.priors_[name], self.quality_scores_[name] = learned.prior, learned.score
        chosen = select_prior(self.quality_scores_)
        return self.priors_[chosen], chosen

    def _fit_modality(self, name: str, data: Tensors, held: Tensors) -> None:
        s, (x, y) = self.settings.but(dim=len(self.prior_)), data[name]
        encoder = build_encoder(x, s, generator(s.seed, "encoder", name))
        try:
            with self._reporting("consistency", name, s.epochs, encoder) as report:
                fit_encoder(encoder, x, y, self.prior_, s, name, held.get(name), report)
        finally:
            encoder.requires_grad_(False)
        self.encoders_[name] = encoder
        self.partial_ = [other for other in self.partial_ if other != name]

    def _tensors(self, split: Split | None, device: torch.device) -> Tensors:
        """{modality: (X, Y)} on the device, Y as float rows (n, C)."""
        classes = self.n_classes_
        if split is None:
            return {}
        return {
            name: (torch.from_numpy(x).to(device), one_hot(split.labels[name], classes).to(device))
            for name, x in split.features.items()
        }

    def _check_fitted(self) -> None:
        if not hasattr(self, "prior_"):
            raise ValueError("this DRCL has not been fitted: call fit first")

    @contextmanager
    def _reporting(self, stage: str, name: str, epochs: int, encoder: Encoder | None = None) -> Iterator[Report]:
        """A report that keeps the history, moves the progress bar, and registers the encoder once it has learned."""
        tqdm = needs("tqdm", "tqdm").tqdm
        shown = None if self.settings.progress is None else not self.settings.progress
        with tqdm(total=epochs, desc=f"{stage} {name}", unit="epoch", disable=shown, leave=False) as bar:

            def report(record: dict[str, Any]) -> None:
                self.history_.append({"stage": stage, "modality": name, **record})
                if encoder is not None and self.encoders_.get(name) is not encoder:
                    self.encoders_[name] = encoder
                    self.partial_ = [*(other for other in self.partial_ if other != name), name]
                bar.set_postfix(loss=f"{record['total']:.3f}", refresh=False)
                bar.update()

            try:
                yield report
            except TrainingDiverged as error:
                rate = "prior_learning_rate" if stage == "prior" else "learning_rate"
                raise TrainingDiverged(f"{stage} of {name!r}: {error}, setting {rate!r}; {self._usable()}") from None

    def _usable(self) -> str:
        return f"usable: {', '.join(map(repr, self.encoders_))}" if self.encoders_ else "nothing usable yet"

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Ctrl-C ends the training, not the model: what was trained stays usable, and a warning says what."""
        self.interrupted_ = False
        try:
            yield
        except KeyboardInterrupt:
            self.interrupted_ = True
            warn(f"training interrupted; {self._usable()}")
