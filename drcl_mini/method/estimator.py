"""DRCL as an estimator in scikit-learn's style: ``fit``, ``transform``, ``predict``, ``search``."""

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from ..core.checks import check_name, suggest
from ..core.devices import check_precision, resolve_device
from ..core.lazy import as_features
from ..core.tables import check_columns, one_or_more
from ..core.tensorfile import load_checkpoint, save_checkpoint
from ..data.split import Split, features_of
from ..retrieval.evaluation import evaluate
from ..retrieval.ranking import BLOCK
from ..retrieval.search import Neighbours, nearest_neighbours
from ..training.base import Estimator
from ..training.batches import generator
from ..training.fitting import computing, following, fresh, interruptible, noisy, tensors
from ..training.preflight import Checked, check_addition, check_fit, check_prior
from ..training.progress import UNFIT, Progress, begin_progress
from ..training.rows import embed_checked
from ..training.settings import Settings, released_settings
from .consistency import fit_encoder
from .encoder import build_encoder
from .prior import FIXED, learn_prior, select_prior, starting_prior
from .saving import model_state, restore_model

Data = Split | Mapping[str, Any]
"""A split, or features (n, d) by modality."""

Pair = tuple[Tensor, Tensor]
"""Features X (n, d) and labels Y (n, C) of one modality, on the device."""


class DRCL(Estimator):
    """Deep Reversible Consistency Learning: one encoder per modality, one prior for all.

    Args:
        hidden: hidden widths of each encoder.
        dim: D, the dimension of the common space; at least the number of classes.
        standardise: bring each feature to mean 0 and standard deviation 1 (statistics of the
            training set).
        prior: ``"selected"`` (SPL), ``"orthogonal"``, ``"simplex"``, or a modality whose learned
            prior to take.
        prior_scale: length of the columns of an orthogonal or simplex prior. F has unit rows, so
            this is the inverse temperature of the label term; a learned prior finds its own.
        selection: SPL scores the priors on the ``"train"`` split (the method) or on
            ``"validation"``.
        keep_best_prior: keep the W of the epoch with the best score, else that of the last epoch.
        prior_first_epoch: epoch counter e at the start of SPL; 0 repeats a quirk of the released
            code, whose first epoch changes nothing.
        prior_epochs: epochs of SPL.
        prior_learning_rate: Adam's rate in SPL.
        epochs: epochs of the consistency stage.
        learning_rate: Adam's rate in the consistency stage, one number or one for each modality.
        betas: Adam's decay rates.
        weight_decay: of AdamW: a step makes weights smaller by this times the learning rate.
        batch_size: samples in a batch, at most. Without ``drop_last`` batches are of nearly equal
            size.
        drop_last: leave out the last samples of an epoch when they don't fill a batch.
        q_rate: GCE's exponent in epoch e is min(1, q_rate · e).
        class_weight: ``"balanced"`` lets every class count as much in the label losses, however
            many samples it has; ``None``: every sample counts as much.
        alpha: weight of the intra- and inter-modal consistency terms.
        beta: weight of the mse term.
        eta: weight of the label term.
        terms: the loss terms that are on: of ``"intra"``, ``"inter"``, ``"mse"``, ``"label"``.
        gamma: share of a sample in its augmented version; 1 switches augmentation off.
        mixup: a > 0 draws the share anew from Beta(a, a), for each sample and epoch; 0 keeps it at
            ``gamma``.
        monitor: what picks the epoch on validation data: ``"map"`` (mAP of each recast label as a
            query for validation items), ``"loss"`` (as released; it falls as q_e grows, so it
            favours late epochs), or ``None`` for the last epoch.
        patience: stop after this many epochs without a better monitor value; ``None`` never stops.
        label_noise: share of the training labels that are made wrong, see
            :func:`drcl_mini.data.noise.with_label_noise`.
        precision: of the matrix products in training: ``"float32"``; ``"tf32"`` (NVIDIA GPUs) and
            ``"bfloat16"`` are faster where the processor has them. Weights and embeddings stay in
            float32, and with bfloat16 all that is computed outside of training steps.
        seed: all randomness: same seed, same machine, same result.
        device: ``"auto"`` (CUDA where there is one, else CPU) or any torch device name.
        threads: threads of the processor in training, for all of PyTorch while ``fit`` runs.
            ``None``: one for a small network, which gains little from more and slows down beside
            other work; PyTorch's own number for a large one.
        progress: show a progress bar; ``None``: only in a terminal.

    Attributes:
        prior_: W (D, C), the prior, frozen after selection.
        prior_source_: the modality it was learned on, or ``"orthogonal"``, ``"simplex"``,
            ``"given"``.
        priors_: every prior that SPL learned, by modality.
        quality_scores_: SPL's quality score of each.
        encoders_: one :class:`drcl_mini.Encoder` per modality.
        history_: a record for every epoch of every stage and modality: losses, q, scores.
        n_classes_: C, the number of classes.
        classes_: the classes as ``labels`` of the training split has them: integers or words.
        class_names_: their names.
        columns_: names of the features, by modality, where training had them.
        partial_: modalities whose training was cut short, by Ctrl-C or because it diverged; usable
            as they are.
        interrupted_: True after Ctrl-C in the last ``fit`` or ``add_modality``.

    Source: Pu, Qin, Peng, Song and Zheng, IEEE Transactions on Multimedia, 2025 (arXiv 2501.05686).

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = DRCL(prior_epochs=5, epochs=5).fit(data.train, data.validation)
        >>> model.transform(data.test)["top"].shape
        (250, 256)
    """

    def __init__(
        self,
        *,
        hidden: tuple[int, ...] = Settings.hidden,
        dim: int = Settings.dim,
        standardise: bool = Settings.standardise,
        prior: str = Settings.prior,
        prior_scale: float = Settings.prior_scale,
        selection: str = Settings.selection,
        keep_best_prior: bool = Settings.keep_best_prior,
        prior_first_epoch: int = Settings.prior_first_epoch,
        prior_epochs: int = Settings.prior_epochs,
        prior_learning_rate: float = Settings.prior_learning_rate,
        epochs: int = Settings.epochs,
        learning_rate: float | Mapping[str, float] = Settings.learning_rate,
        betas: tuple[float, float] = Settings.betas,
        weight_decay: float = Settings.weight_decay,
        batch_size: int = Settings.batch_size,
        drop_last: bool = Settings.drop_last,
        q_rate: float = Settings.q_rate,
        class_weight: str | None = Settings.class_weight,
        alpha: float = Settings.alpha,
        beta: float = Settings.beta,
        eta: float = Settings.eta,
        terms: tuple[str, ...] = Settings.terms,
        gamma: float = Settings.gamma,
        mixup: float = Settings.mixup,
        monitor: str | None = Settings.monitor,
        patience: int | None = Settings.patience,
        label_noise: float = Settings.label_noise,
        precision: str = Settings.precision,
        seed: int = Settings.seed,
        device: str = Settings.device,
        threads: int | None = Settings.threads,
        progress: bool | None = Settings.progress,
        **unknown: Any,
    ) -> None:
        given = locals()
        settings = {field.name: given[field.name] for field in fields(Settings)}
        self.settings = Settings().replace(**settings, **unknown)  # names an unknown setting

    @classmethod
    def released(cls, dataset: str, **settings: Any) -> "DRCL":
        """The authors' released configuration, see :func:`drcl_mini.released_settings`."""
        return cls(**vars(released_settings(dataset, **settings)))

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
            checkpoint: a file that keeps what was done so far. After a crash, call fit again with
                the same settings, data and file: training goes on from there, and ends with the
                same bits on the same machine. Delete the file to begin anew.
            every: epochs between two writes of that file.

        Raises:
            ValueError: data or settings that don't fit, or a checkpoint of others; nothing has
                changed then.
            TrainingDiverged: a loss became NaN or infinite; what was trained before is kept.
        """
        s = self.settings
        device = resolve_device(s.device)
        check_precision(s.precision, device)
        checked = check_fit(train, validation, s)
        train, validation, classes = checked.train, checked.validation, checked.classes
        given = None if prior is None else check_prior(prior, s.dim, classes).to(device)
        progress = begin_progress(checkpoint, every, s, [train, validation], given)

        with fresh(self, checked), interruptible([self]), computing(s, train):
            data = tensors(train, classes, device)
            held = tensors(validation, classes, device)
            start = starting_prior(s, classes).to(device)
            if given is not None:
                self.prior_, self.prior_source_ = given, "given"
            elif s.prior in FIXED:
                self.prior_, self.prior_source_ = s.prior_scale * start, s.prior
            else:
                for name in [s.prior] if s.prior in data else data:
                    self._learn_prior(name, data[name], held.get(name), start, progress)
                self.prior_source_ = select_prior(self.quality_scores_)
                self.prior_ = self.priors_[self.prior_source_]
            for name in data:
                self._fit_encoder(name, data[name], held.get(name), progress)
        return self

    def _learn_prior(
        self, name: str, data: Pair, held: Pair | None, start: Tensor, progress: Progress | None
    ) -> None:
        """SPL on one modality."""
        s = self.settings
        x, y = data[0], noisy(data[1], s, name)
        scored = held if s.selection == "validation" else None
        phase = progress and progress.phase("prior", name)
        with following(self, "prior", name, s.prior_epochs, x.device) as report:
            learned = learn_prior(x, y, start, s, name, scored, report, phase)
        self.priors_[name] = learned.prior
        self.quality_scores_[name] = learned.score

    def _fit_encoder(
        self, name: str, data: Pair, held: Pair | None, progress: Progress | None = None
    ) -> None:
        """RSC on one modality."""
        s = self.settings.replace(dim=len(self.prior_))
        x, y = data[0], noisy(data[1], s, name)
        encoder = build_encoder(x, s, generator(s.seed, "encoder", name))
        phase = progress and progress.phase("consistency", name)
        try:
            with following(self, "consistency", name, s.epochs, x.device, encoder) as report:
                fit_encoder(encoder, x, y, self.prior_.clone(), s, name, held, report, phase)
        finally:
            encoder.requires_grad_(False)
        self.encoders_[name] = encoder
        self.partial_ = [other for other in self.partial_ if other != name]

    def add_modality(
        self, name: str, features: Any, labels: Any, validation: tuple[Any, Any] | None = None
    ) -> "DRCL":
        """Train one more encoder against the frozen prior; nothing else moves.

        A modality whose training was cut short can be added again.

        Args:
            name: the new modality's name.
            features: X (n, d).
            labels: as :class:`drcl_mini.Split` takes them: words or integers (n,), or multi-hot.
            validation: the same two for validation, ``(features, labels)``.
        """
        self._check_fitted()
        train, held = check_addition(self, name, (features, labels), validation)
        device = self.prior_.device
        check_precision(self.settings.precision, device)
        data = tensors(train, self.n_classes_, device)
        held = tensors(held, self.n_classes_, device)
        before = self.columns_
        with interruptible([self]), computing(self.settings, train):
            self.columns_ = {k: own for k, own in before.items() if k != name} | train.columns
            self._fit_encoder(name, data[name], held.get(name))
        return self

    def transform(self, data: Data) -> dict[str, np.ndarray]:
        """Embeddings of each modality: unit rows (n, D) in the common space, float32.

        Args:
            data: a :class:`drcl_mini.Split` or a mapping {modality: features (n, d)}.

        Raises:
            ValueError: features that don't fit, columns in another order than in training, or
                values so far from those of training that float32 can't hold what the encoder makes
                of them.
        """
        self._check_fitted()
        features, columns = features_of(data)
        checked = {}
        for name, x in features.items():
            if name not in self.encoders_:
                known = suggest(name, self.encoders_)
                raise ValueError(f"no encoder for modality {name!r}: {known}")
            check_columns(columns.get(name), self.columns_.get(name), name)
            checked[name] = as_features(x, name, self.encoders_[name].widths[0])
        return {name: embed_checked(self.encoders_[name], x, name) for name, x in checked.items()}

    def predict(self, data: Data, names: bool = False) -> dict[str, np.ndarray]:
        """The class whose logit F W is greatest, for each item of each modality: (n,).

        Args:
            data: as of :meth:`transform`.
            names: give names of classes; else classes as ``labels`` of the training split has them.
        """
        embeddings = self.transform(data)
        w = self.prior_.cpu().numpy()
        classes = np.array(self.class_names_) if names else self.classes_
        return {name: classes[(f @ w).argmax(axis=1)] for name, f in embeddings.items()}

    def score(self, data: Split, k: int | None = None) -> float:
        """Mean mAP@k of all ordered pairs of modalities, as :func:`drcl_mini.evaluate` gives it."""
        return evaluate(self, data, [k]).mean(k)

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
        """The k gallery items nearest to each query, across modalities.

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
        query = one_or_more(query, f"modality {query_modality!r}: query")
        queries = self.transform({query_modality: query})[query_modality]
        items = self.transform({gallery_modality: gallery})[gallery_modality]
        return nearest_neighbours(queries, items, k, self.prior_.device, memory=memory)

    def save(self, path: str | os.PathLike) -> Path:
        """Write the model to one safetensors file (tensors and JSON, no pickle), all or nothing."""
        self._check_fitted()
        return save_checkpoint(path, *model_state(self))

    @classmethod
    def load(cls, path: str | os.PathLike, device: str = "auto") -> "DRCL":
        """Read a model that :meth:`save` wrote.

        Raises:
            ValueError: the file is cut off, of another version, or its tensors don't fit its
                settings.
        """
        where = resolve_device(device)
        found, header = load_checkpoint(path)
        if isinstance(header, dict) and "index" in header:
            raise ValueError(f"{str(path)!r} is an index, not a model: use FaissIndex.load")
        try:
            model = cls(**header["settings"]).set_params(device=device)
            restore_model(model, found, header, where)
        except UNFIT as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"{str(path)!r} is no usable checkpoint: {reason}") from None
        return model

    def reset(self, data: Checked) -> None:
        """Begin anew with these data: settings stay, what an earlier fit learned goes."""
        self.__dict__ = {k: v for k, v in self.__dict__.items() if not k.endswith("_")}
        self.n_classes_, self.classes_, self.class_names_ = data.classes, data.values, data.names
        self.columns_ = dict(data.train.columns)
        self.encoders_, self.history_ = {}, []
        self.priors_, self.quality_scores_, self.partial_ = {}, {}, []
