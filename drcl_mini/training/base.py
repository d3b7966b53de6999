"""What scikit-learn's tools expect of an estimator: parameters, clone, tags, pickle."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from torch import Tensor, nn

from .settings import Settings


class Estimator:
    """A model whose parameters are its ``settings``; it has a ``prior_`` once it is fitted."""

    settings: Settings

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings, by name; a copy."""
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in vars(self.settings).items()}

    def set_params(self, **settings: Any) -> "Estimator":
        """Change settings; they count from the next ``fit`` on."""
        self.settings = self.settings.replace(**settings)
        return self

    def __sklearn_clone__(self) -> "Estimator":
        return type(self)(**self.get_params())

    def __repr__(self) -> str:
        default = Settings()
        changed = {k: v for k, v in self.get_params().items() if v != getattr(default, k)}
        told = ", ".join(f"{name}={value!r}" for name, value in changed.items())
        return f"{type(self).__name__}({told})"

    def __getstate__(self) -> dict[str, Any]:
        """What pickle keeps: all tensors on the CPU, so that any machine can read it."""
        return {name: _on_cpu(value) for name, value in self.__dict__.items()}

    def __deepcopy__(self, memo: dict[int, Any]) -> "Estimator":
        """A copy whose tensors stay on their device."""
        copy = memo[id(self)] = object.__new__(type(self))
        copy.__dict__ = deepcopy(self.__dict__, memo)
        return copy

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "prior_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))

    def _check_fitted(self) -> None:
        if not hasattr(self, "prior_"):
            name = type(self).__name__
            raise ValueError(f"this {name} has not been fitted: call fit first")


def _on_cpu(value: Any) -> Any:
    """Tensors and networks, also in a dictionary, as copies on the CPU; others as they are."""
    if isinstance(value, dict):
        return {name: _on_cpu(x) for name, x in value.items()}
    if isinstance(value, nn.Module):
        return deepcopy(value).cpu()
    return value.cpu() if isinstance(value, Tensor) else value
