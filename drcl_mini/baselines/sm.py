"""SM: semantic matching, the classes' probabilities as the common space."""

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..data.split import Split
from ..training.space import Log
from .linear import REDUCED, Linear


@dataclass(eq=False)
class SM(Linear):
    r"""Semantic matching: a logistic regression for each modality; probabilities are compared.

    .. math:: z = (P(1 \mid x), \dots, P(C \mid x)), \qquad
        P(c \mid x) \propto \exp(w_{vc}^\top x + b_{vc})

    x (p_v,) is a prepared item, z (C,) its embedding. Multi-hot labels: one logistic regression for
    each class, too. No pairs needed, any number of modalities, each can be added or left out
    without touching the others.

    Args:
        C: inverse strength of the ridge penalty, as in scikit-learn; one for all modalities.

    Source: Rasiwasia, Costa Pereira, Coviello, Doyle, Lanckriet, Levy and Vasconcelos, "A New
    Approach to Cross-Modal Multimedia Retrieval", ACM Multimedia 2010; Costa Pereira, Coviello,
    Doyle, Rasiwasia, Lanckriet, Levy and Vasconcelos, "On the Role of Correlation and Abstraction
    in Cross-Modal Multimedia Retrieval", IEEE Transactions on Pattern Analysis and Machine
    Intelligence 36(3), 2014.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = SM().fit(data.train)
        >>> model.transform(data.test)["top"].shape, model.evaluate(data.test).mean() > 0.5
        ((250, 10), True)
    """

    title = "SM"
    space: ClassVar = REDUCED | {"C": Log(1e-5, 10)}

    C: float = 0.1

    def _learn(self, train: Split, validation: Split | None) -> None:
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier

        self.classifiers_ = {}
        for v, x in self.prepared(train).items():
            y = train.labels[v]
            classifier = LogisticRegression(C=self.C, max_iter=2000)
            if y.ndim == 2:
                classifier = OneVsRestClassifier(classifier)
            with warnings.catch_warnings():  # fine: the probability of such a label is 0 or 1
                warnings.filterwarnings("ignore", "Label .* is present in all", UserWarning)
                self.classifiers_[v] = classifier.fit(x, y)

    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        classifier = self.classifiers_[name]
        rows = np.zeros((len(x), self.n_classes_))  # a class that this modality never had keeps 0
        rows[:, classifier.classes_] = classifier.predict_proba(self.preparations_[name].apply(x))
        return rows
