"""GMA: generalised multiview analysis, in its discriminant form GMLDA."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import block_diag

from ..training.space import Log
from .linear import REDUCED, Eigen, Matrices, Views, between_views, class_sums, ridged


@dataclass(eq=False)
class GMA(Eigen):
    r"""GMLDA: a discriminant analysis of each modality, coupled so that equal classes meet.

    .. math:: A w = \lambda B w, \quad A_{vv} = S^b_v, \quad A_{vu} = \alpha M_v^\top M_u, \quad
        B_{vv} = S^w_v / \operatorname{tr} S^w_v

    :math:`S^b_v, S^w_v` (p_v, p_v) are the scatters between and within the classes of modality v,
    divided by n_v, and :math:`M_v` (C, p_v) its class means over √C, so that :math:`M_v^\top M_v =
    S^b_v` for balanced classes. The paper couples items that correspond; class means, one of its
    choices, need **no pairs**: modalities meet in the classes that both have. Dividing by the trace
    is the authors' rule for γ.

    Args:
        components: D, at most; ``None``: C − 1.
        coupling: α, how much agreement between the modalities counts.
        regularisation: ridge on each S^w, in units of its mean eigenvalue.

    Left out: its marginal Fisher form, GMMFA.

    Source: Sharma, Kumar, Daumé and Jacobs, "Generalized Multiview Analysis: A Discriminative
    Latent Space", CVPR 2012.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = GMA().fit(data.train)
        >>> model.transform(data.test)["top"].shape, model.evaluate(data.test).mean() > 0.5
        ((250, 9), True)
    """

    title = "GMA"
    needs_single_label = True
    space: ClassVar = REDUCED | {"coupling": Log(0.1, 1000), "regularisation": Log(1e-2, 100)}

    coupling: float = 10.0
    regularisation: float = 0.1

    def matrices(self, views: Views, labels: Views) -> Matrices:
        means, between, within = {}, [], []
        for v, x in views.items():
            sums, counts = class_sums(x, labels[v], self.n_classes_)
            means[v] = sums / counts.clip(min=1)  # 0, its centre, where it lacks a class
            S_b = (counts * means[v]).T @ means[v] / len(x)
            S_w = x.T @ x / len(x) - S_b
            between.append(S_b)
            within.append(ridged(S_w / max(np.trace(S_w), 1e-12), self.regularisation))
        A = block_diag(*between) + self.coupling * between_views(means)
        return A, block_diag(*within)
