"""DRCL as an estimator with scikit-learn's manners: settings in, ``fit``, ``transform``, ``predict``, ``search``."""

import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .batch import Stages, fit_many, interruptible, tensors
from .checkpoint import load_checkpoint, model_state, restore_model, save_checkpoint
from .checks import as_numpy, check_features, check_mapping, check_name, nearest
from .data import Split
from .devices import check_precision, on_device, resolve_device, tf32
from .encoder import embed
from .preflight import check_against, check_noise
from .ranking import BLOCK
from .search import Neighbours, nearest_neighbours
from .settings import Settings, released_settings


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
        n_classes_: C, the number of classes.
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
        """The settings, by name; a copy."""
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in vars(self.settings).items()}

    def set_params(self, **settings: Any) -> "DRCL":
        """Change settings; they count from the next ``fit`` on."""
        self.settings = self.settings.but(**settings)
        return self

    def __sklearn_clone__(self) -> "DRCL":
        return type(self)(**self.get_params())

    def __repr__(self) -> str:
        default = Settings()
        changed = {k: v for k, v in self.get_params().items() if v != getattr(default, k)}
        return f"DRCL({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    def fit(
        self,
        train: Split,
        validation: Split | None = None,
        prior: Any = None,
        *,
        checkpoint: str | os.PathLike | None = None,
        every: int = 10,
    ) -> "DRCL":
        """Learn and select a prior (SPL), then train each modality's encoder against it (RSC).

        Args:
            train: what to learn from.
            validation: what picks the epoch, and the prior where ``selection="validation"``.
            prior: W (D, C) to use as it is, instead of learning one.
            checkpoint: a file that keeps what was done so far. After a crash, call fit again with the same settings,
                data and file: training goes on from there, and ends with the same bits on the same machine. Delete
                the file to begin anew.
            every: epochs between two writes of that file.

        Raises:
            ValueError: data or settings that don't fit, or a checkpoint of others; nothing has changed then.
            TrainingDiverged: a loss stopped being finite; what was trained before is kept.
        """
        fit_many([self], train, validation, [prior], checkpoint=checkpoint, every=every)
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
        check_name(name, "add_modality")
        if name in self.encoders_ and name not in self.partial_:
            raise ValueError(f"modality {name!r} is there already: use another name, or  del model.encoders_[{name!r}]")
        if validation is not None and not (isinstance(validation, (tuple, list)) and len(validation) == 2):
            raise ValueError(f"validation is {type(validation).__name__}, expected a pair (features, labels)")
        train = Split({name: features}, {name: labels})
        held = None if validation is None else Split({name: validation[0]}, {name: validation[1]})
        check_against(train, held, self.n_classes_, set(range(self.n_classes_)))
        self.settings.rate(name)
        check_noise(train, name, self.settings)
        device, errors = self.prior_.device, {}
        check_precision(self.settings.precision, device)
        data, held = (tensors(split, self.n_classes_, device) for split in (train, held))
        with interruptible([self]), tf32(self.settings.precision == "tf32"):
            Stages([self], data, held, None, errors).fit_modality(name)
        if errors:
            raise errors[self]
        return self

    def transform(self, data: Split | Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Embeddings of each modality: unit rows (n, D) in the common space, float32.

        Args:
            data: a :class:`drcl_mini.Split` or a mapping {modality: features (n, d)}.

        Raises:
            ValueError: features that don't fit, or that are so far from those of training that float32 can't hold
                what the encoder makes of them.
        """
        self._check_fitted()
        features = data.features if isinstance(data, Split) else check_mapping(data, "features")
        checked = {}
        for name, x in features.items():
            if name not in self.encoders_:
                raise ValueError(f"no encoder for modality {name!r}: {nearest(name, self.encoders_)}")
            checked[name] = check_features(x, name, self.encoders_[name].widths[0])
        return {name: self._embed(name, x) for name, x in checked.items()}

    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        """Unit rows, or rows of zeros where all outputs of the encoder are 0."""
        f = embed(self.encoders_[name], on_device(x)).cpu().numpy()
        odd = np.flatnonzero(~(np.einsum("nd,nd->n", f, f) > 0.5))  # zeros or NaN
        if len(odd):
            exact = deepcopy(self.encoders_[name]).cpu().double()
            lost = odd[embed(exact, torch.from_numpy(x[odd]).double()).numpy().any(axis=1)]
            if len(lost):
                raise ValueError(
                    f"modality {name!r}: {len(lost)} of {len(x)} rows leave float32's range in the encoder, the first "
                    f"is row {lost[0]}, with values up to {np.abs(x[lost[0]]).max():.3g}: scale them as in training"
                )
        return f

    def predict(self, data: Split | Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The class whose logit F W is greatest, for each item of each modality: int64 (n,)."""
        return {name: (f @ self.prior_.cpu().numpy()).argmax(axis=1) for name, f in self.transform(data).items()}

    def search(
        self,
        query: Any,
        query_modality: str,
        gallery: Any,
        gallery_modality: str,
        k: int = 10,
        *,
        memory: int = BLOCK,
    ) -> Neighbours:
        """The k gallery items nearest to each query: items of one modality found by items of another.

        Every call encodes the gallery. To search it often, keep its ``transform`` and use
        :func:`drcl_mini.nearest_neighbours`.

        Args:
            query: features of the queries (m, d), or of one query (d,).
            query_modality: their modality.
            gallery: features (n, d') of the items to search.
            gallery_modality: their modality.
            k: how many; a smaller gallery gives fewer.
            memory: bytes that one block of queries and items may take, about.

        Returns:
            ``indices`` and ``scores``, (m, k), best first.
        """
        for name in (query_modality, gallery_modality):
            check_name(name, "search")
        rows = as_numpy(query, f"modality {query_modality!r}: query")
        queries = self.transform({query_modality: rows[None] if rows.ndim == 1 else rows})[query_modality]
        items = self.transform({gallery_modality: gallery})[gallery_modality]
        return nearest_neighbours(queries, items, k, self.prior_.device, memory=memory)

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
        if isinstance(header, dict) and "index" in header:
            raise ValueError(f"{os.fspath(path)!r} is an index, no model: read it by FaissIndex.load")
        try:
            model = cls(**header["settings"]).set_params(device=device)
            restore_model(model, tensors, header, where)
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"{os.fspath(path)!r} is no usable checkpoint: {reason}") from None
        return model

    def _forget(self, classes: int) -> None:
        """Begin anew: settings stay, an earlier fit goes."""
        self.__dict__ = {"settings": self.settings}
        self.n_classes_, self.encoders_, self.history_ = classes, {}, []
        self.priors_, self.quality_scores_, self.partial_ = {}, {}, []

    def _check_fitted(self) -> None:
        if not hasattr(self, "prior_"):
            raise ValueError("this DRCL has not been fitted: call fit first")
