"""SM: semantic matching, the classes' probabilities as the common space."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..data.split import Split
from .linear import Linear

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin


@dataclass(eq=False)
class SM(Linear):
    r"""Semantic matching: one logistic regression for each modality, alone; an item is its class probabilities.

    .. math:: z = (P(1 \mid x), \dots, P(C \mid x)), \qquad P(c \mid x) \propto \exp(w_{vc}^\top x + b_{vc})

    x (p_v,) is a prepared item, z (C,) its embedding. Multi-hot labels: one logistic regression for each class, too.
    No pairs needed, any number of modalities, each can be added or left out without touching the others.

    Args:
        C: inverse strength of the ridge penalty, as in scikit-learn; one for all modalities.

    Source: Rasiwasia, Costa Pereira, Coviello, Doyle, Lanckriet, Levy and Vasconcelos, "A New Approach to Cross-Modal
    Multimedia Retrieval", ACM Multimedia 2010; Costa Pereira, Coviello, Doyle, Rasiwasia, Lanckriet, Levy and
    Vasconcelos, "On the Role of Correlation and Abstraction in Cross-Modal Multimedia Retrieval", IEEE Transactions on
    Pattern Analysis and Machine Intelligence 36(3), 2014.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = SM().fit(data.train)
        >>> model.transform(data.test)["top"].shape, model.evaluate(data.test).mean() > 0.5
        ((250, 10), True)
    """

    title: ClassVar[str] = "SM"
    grid: ClassVar[dict[str, list]] = {"C": [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0]}

    C: float = 0.1

    def _learn(self, train: Split, validation: Split | None) -> None:
        views = self._prepare(train)
        self.classifiers_ = {
            name: _classifier(x, train.labels[name], self.C) for name, x in views.items()
        }

    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        classifier = self.classifiers_[name]
        probabilities = np.zeros(
            (len(x), self.n_classes_)
        )  # a class that this modality never had keeps 0
        probabilities[:, classifier.classes_] = classifier.predict_proba(
            self.preparations_[name].apply(x)
        )
        return probabilities


def _classifier(x: np.ndarray, y: np.ndarray, c: float) -> "ClassifierMixin":
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    single = LogisticRegression(C=c, max_iter=2000)
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "Label .* is present in all", UserWarning
        )  # its probability is 0 or 1: fine
        return (single if y.ndim == 1 else OneVsRestClassifier(single)).fit(x, y)
