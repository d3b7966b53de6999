"""SM: semantic matching, the classes' probabilities as the common space."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..split import Split
from .linear import Linear

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

CHOICES = (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0)
"""Values of C that a validation split decides between."""


@dataclass(eq=False)
class SM(Linear):
    r"""Semantic matching: one logistic regression for each modality, alone; an item is its class probabilities.

    .. math:: z = (P(1 \mid x), \dots, P(C \mid x)), \qquad P(c \mid x) \propto \exp(w_{vc}^\top x + b_{vc})

    x (p_v,) is a prepared item, z (C,) its embedding. Multi-hot labels: one logistic regression for each class, too.
    No pairs needed, any number of modalities, each can be added or left out without touching the others.

    Args:
        C: inverse strength of the ridge penalty, as in scikit-learn; ``None``: the value of ``CHOICES`` under which
            the validation labels are likeliest, for each modality; 0.1 where there are none.

    Attributes:
        C_: the C of each modality.

    Source: Rasiwasia et al., ACM Multimedia 2010; Costa Pereira et al., TPAMI 2014.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = SM().fit(data.train, data.validation)
        >>> model.transform(data.test)["top"].shape, model.evaluate(data.test).mean() > 0.5
        ((250, 10), True)
    """

    title: ClassVar[str] = "SM"
    grid: ClassVar[dict[str, list]] = {}
    """Nothing: it makes its one choice itself."""

    C: float | None = None

    def _learn(self, train: Split, validation: Split | None) -> None:
        views = self._prepare(train)
        self.C_, self.classifiers_ = {}, {}
        for name, x in views.items():
            held = validation is not None and name in validation.features
            choices = CHOICES if self.C is None and held else (0.1 if self.C is None else self.C,)
            fits = [(c, _classifier(x, train.labels[name], c)) for c in choices]
            if len(fits) > 1:
                vx, vy = self.preparations_[name].apply(validation.features[name]), validation.labels[name]
                fits.sort(key=lambda fit: -_likelihood(self._probabilities(fit[1], vx), vy))
            self.C_[name], self.classifiers_[name] = fits[0]

    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        return self._probabilities(self.classifiers_[name], self.preparations_[name].apply(x))

    def _probabilities(self, classifier: "ClassifierMixin", x: np.ndarray) -> np.ndarray:
        probabilities = np.zeros((len(x), self.n_classes_))  # a class that this modality never had keeps 0
        probabilities[:, classifier.classes_] = classifier.predict_proba(x)
        return probabilities


def _classifier(x: np.ndarray, y: np.ndarray, c: float) -> "ClassifierMixin":
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    single = LogisticRegression(C=c, max_iter=2000)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Label .* is present in all", UserWarning)  # its probability is 0 or 1: fine
        return (single if y.ndim == 1 else OneVsRestClassifier(single)).fit(x, y)


def _likelihood(probabilities: np.ndarray, y: np.ndarray) -> float:
    """Mean log-likelihood of labels, (n,) or multi-hot (n, C)."""
    p = probabilities.clip(1e-12, 1 - 1e-12)
    if y.ndim == 1:
        return float(np.log(p[np.arange(len(y)), y]).mean())
    return float(np.where(y, np.log(p), np.log1p(-p)).mean())
