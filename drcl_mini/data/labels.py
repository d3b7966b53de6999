"""Labels as one-hot rows."""

import numpy as np
import torch
from torch import Tensor


def one_hot(labels: Tensor | np.ndarray, classes: int) -> Tensor:
    """Y, float32 (n, C), from class indices (n,) or multi-hot rows (n, C).

    Example:
        >>> one_hot(torch.tensor([1, 0]), 2).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    y = torch.as_tensor(labels)
    return y.float() if y.ndim == 2 else torch.nn.functional.one_hot(y, classes).float()
