"""PLS: partial least squares, the directions of greatest covariance between modalities."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..training.space import Choice
from .linear import REDUCED, Eigen, Matrices, Views, between_views


@dataclass(eq=False)
class PLS(Eigen):
    r"""Partial least squares between the paired modalities.

    .. math:: \max_W \sum_{v \ne u} \operatorname{tr} W_v^\top C_{vu} W_u
        \quad\text{s.t.}\quad \sum_v W_v^\top W_v = I

    with :math:`C_{vu} = X_v^\top X_u / n` (p_v, p_u). W are the top eigenvectors of the joint
    covariance without its diagonal blocks. For two modalities they are the singular vectors of
    :math:`C_{12}` (scikit-learn's ``PLSSVD``); more are a sum over all pairs. It weighs a direction
    by its variance, where MCCA divides that out, so it needs no regularisation. It uses pairs and
    no labels; but pairs that :func:`class_pairs` makes are made from labels, so on such data it
    does learn from them.

    Args:
        components: D, at most; ``None``: the smallest p_v.

    Source: Rosipal and Krämer, "Overview and Recent Advances in Partial Least Squares", SLSFS 2005,
    LNCS 3940, 2006; across modalities (of faces) Sharma and Jacobs, "Bypassing Synthesis: PLS for
    Face Recognition with Pose, Low-Resolution and Sketch", CVPR 2011, who take the components one
    by one and deflate (NIPALS), which gives the same first component.

    Example:
        >>> import drcl_mini
        >>> from drcl_mini.baselines import class_pairs
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> PLS(components=9).fit(class_pairs(data.train)).transform(data.test)["bottom"].shape
        (200, 9)
    """

    title = "PLS"
    needs_pairs = True
    space: ClassVar = REDUCED | {"components": Choice(5, 10, 20, 40, 80, None)}

    def matrices(self, views: Views, labels: Views) -> Matrices:
        A = between_views(views)
        return A, np.eye(len(A))
