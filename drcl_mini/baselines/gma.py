"""GMA: generalised multiview analysis, in its discriminant form GMLDA."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import block_diag

from ..data.split import Split
from .linear import Linear, class_sums, ridged, solve


@dataclass(eq=False)
class GMA(Linear):
    r"""GMLDA: a discriminant analysis of each modality, coupled so that equal classes fall on the same place.

    .. math:: A w = \lambda B w, \quad A_{vv} = S^b_v, \quad A_{vu} = \alpha M_v^\top M_u, \quad
        B_{vv} = S^w_v / \operatorname{tr} S^w_v

    :math:`S^b_v, S^w_v` (p_v, p_v) are the scatters between and within the classes of modality v, divided by n_v,
    and :math:`M_v` (C, p_v) its class means over √C, so that :math:`M_v^\top M_v = S^b_v` for balanced classes. The
    paper couples items that correspond; class means, one of its choices, need **no pairs**: modalities meet in the
    classes that both have. Dividing by the trace is the authors' rule for γ.

    Args:
        components: D, at most; ``None``: C − 1.
        coupling: α, how much agreement between the modalities counts.
        regularisation: ridge on each S^w, in units of its mean eigenvalue.

    Left out: its marginal Fisher form, GMMFA.

    Source: Sharma, Kumar, Daumé and Jacobs, "Generalized Multiview Analysis: A Discriminative Latent Space", CVPR 2012.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = GMA().fit(data.train)
        >>> model.transform(data.test)["top"].shape, model.evaluate(data.test).mean() > 0.5
        ((250, 9), True)
    """

    title: ClassVar[str] = "GMA"
    needs_single_label: ClassVar[bool] = True
    grid: ClassVar[dict[str, list]] = {"coupling": [1.0, 10.0, 100.0], "regularisation": [0.1, 1.0]}

    components: int | None = None
    coupling: float = 10.0
    regularisation: float = 0.1

    def _learn(self, train: Split, validation: Split | None) -> None:
        views = self._prepare(train)
        means, between, within = [], [], []
        for name, x in views.items():
            sums, counts = class_sums(x, train.labels[name], self.n_classes_)
            means.append(
                sums / counts.clip(min=1)
            )  # a class that this modality lacks: its centre, coupled to nothing
            between.append((counts * means[-1]).T @ means[-1] / len(x))
            scatter = x.T @ x / len(x) - between[-1]
            within.append(ridged(scatter / max(np.trace(scatter), 1e-12), self.regularisation))
        joint = np.hstack(means)
        own = block_diag(*(m.T @ m for m in means))
        a = block_diag(*between) + self.coupling * (joint.T @ joint - own) / self.n_classes_
        self.weights_ = solve(a, block_diag(*within), self.components or self.n_classes_ - 1, views)
