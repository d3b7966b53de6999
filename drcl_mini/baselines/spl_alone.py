"""SPL alone: DRCL's first stage, in which each modality learns an encoder and a W of its own."""

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import torch

from ..core.devices import on_device, resolve_device
from ..data.split import Split
from ..method.prior import LearnedPrior, learn_prior, starting_prior
from ..training.fitting import computing, noisy, tensors
from ..training.preflight import check_noise
from ..training.rows import in_pieces
from ..training.settings import Settings
from ..training.space import TRAINING, WIDTHS, Choice, Log
from .base import Baseline


@dataclass(eq=False)
class SPLAlone(Baseline):
    r"""Encoders and W of DRCL's first stage, used as they are; posteriors are compared.

    .. math:: z = \mathrm{softmax}(f_v(x) W_v)

    f_v and :math:`W_v` (D, C) come from :func:`drcl_mini.method.prior.learn_prior` on modality v,
    with the settings of DRCL; no prior is selected, nothing is recast. What DRCL's second stage
    adds is the difference to this.

    Args:
        hidden: hidden widths of each encoder.
        dim: D.
        prior_epochs: epochs; the one with the best quality score counts.
        prior_learning_rate: Adam's.
        q_rate: the annealing of the generalised cross entropy.
        weight_decay: of AdamW.
        batch_size: samples a step.
        standardise: bring each feature to mean 0 and standard deviation 1.
        label_noise: share of the training labels made wrong.

    Source: Pu, Qin, Peng, Song and Zheng, IEEE Transactions on Multimedia, 2025.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> SPLAlone(prior_epochs=5).fit(data.train).transform(data.test)["top"].shape
        (250, 10)
    """

    title = "SPL alone"
    space: ClassVar = {
        "prior_learning_rate": Log(1e-4, 1e-1),
        "q_rate": Log(3e-3, 1, most=1),
        "prior_epochs": Choice(20, 5, 10, 40),
        "hidden": WIDTHS,
        "standardise": Choice(True, False),
        "weight_decay": TRAINING["weight_decay"],
    }

    hidden: tuple[int, ...] = Settings.hidden
    dim: int = Settings.dim
    standardise: bool = Settings.standardise
    prior_epochs: int = Settings.prior_epochs
    prior_learning_rate: float = Settings.prior_learning_rate
    q_rate: float = Settings.q_rate
    weight_decay: float = Settings.weight_decay
    batch_size: int = Settings.batch_size
    label_noise: float = 0.0

    def _learn(self, train: Split, validation: Split | None) -> None:
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        settings = Settings(**own)
        self._device = resolve_device(self.device)
        start = starting_prior(settings, self.n_classes_).to(self._device)
        self.learned_: dict[str, LearnedPrior] = {}
        with computing(settings, train):
            for name, (x, y) in tensors(train, self.n_classes_, self._device).items():
                check_noise(train, name, settings)
                labels = noisy(y, settings, name)
                self.learned_[name] = learn_prior(x, labels, start, settings, name)

    @torch.no_grad()
    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        learned = self.learned_[name]
        F = in_pieces(learned.encoder, on_device(x, self._device))
        return (F @ learned.prior).softmax(dim=1).cpu().numpy()


@dataclass(eq=False)
class SPLEncoders(SPLAlone):
    """The same encoders, compared by their outputs F; each was trained towards a W of its own.

    That the W all start from the same :math:`W^0` is what the modalities have in common.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> SPLEncoders(prior_epochs=5).fit(data.train).transform(data.test)["top"].shape
        (250, 256)
    """

    title = "SPL's encoders"

    @torch.no_grad()
    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        return in_pieces(self.learned_[name].encoder, on_device(x, self._device)).cpu().numpy()
