"""``--set``: which setting changes for which method. One name can mean many things: then it needs its method's."""

import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from ...baselines.joint import DeepBaseline
from ...core.checks import nearest
from ...training.settings import Settings
from .methods import Method

SHARED = tuple(
    f.name for f in fields(DeepBaseline) if f.name in {s.name for s in fields(Settings)} - {"seed"}
)
"""Settings that mean the same in DRCL and in every compared deep method: one change reaches all that have them."""

HELP = f"""a setting, checked as each method checks it; repeatable. {", ".join(SHARED)} mean the same everywhere and
reach every method that has them; others need their method's name, METHOD.NAME=VALUE, say DRCL.gamma=0.8 (for DRCL and
all its variants but those whose name fixes it), unless all methods are of one kind. label_noise is the share of wrong
training labels; validation and test labels stay clean"""


class Change(NamedTuple):
    """One setting for one method, for all of one kind, or for every method that has it.

    Args:
        of: name or kind of the methods; ``""`` for all.
        name: of the setting.
        value: its new value.
    """

    of: str
    name: str
    value: Any

    def reaches(self, method: Method) -> bool:
        """Whether it is said of this method, which need not have the setting."""
        return self.of in ("", method.kind, method.name)


def change_of(text: str) -> Change:
    """What the command line says.

    Example:
        >>> change_of("epochs=3")
        Change(of='', name='epochs', value=3)
        >>> change_of("hidden = 64.gamma=0.8")
        Change(of='hidden = 64', name='gamma', value=0.8)
    """
    from ...core.terminal import assignment

    found = re.fullmatch(r"(?:(.+?)\.)?([^\W\d]\w*=.*)", text, re.DOTALL)
    if not found:
        raise ValueError(f"--set {text!r}: expected NAME=VALUE or METHOD.NAME=VALUE")
    return Change(found[1] or "", *assignment(found[2]))


def changes_of(method: Method, given: Sequence[Change]) -> dict[str, Any]:
    """What changes for one method: what is said of it alone comes before what is said of its kind, and that of all.

    Example:
        >>> given = [Change("DRCL", "epochs", 5), Change("", "epochs", 3), Change("", "dim", 16)]
        >>> changes_of(Method("full", "DRCL"), given), changes_of(Method("MRL", "MRL"), given)
        ({'epochs': 5, 'dim': 16}, {'epochs': 3, 'dim': 16})
    """
    own = sorted(
        (c for c in given if c.reaches(method)), key=lambda c: (c.of != "", c.of != method.kind)
    )
    return {change.name: change.value for change in own}


def check_changes(chosen: Sequence[Method], given: Sequence[Change]) -> None:
    """Every change must reach some chosen method, and mean one thing.

    Raises:
        ValueError: it doesn't; says which names are near, or how to say which method is meant.
    """
    for change in given:
        told = f"--set {'.'.join(filter(None, change[:2]))!r}"
        reached = [method for method in chosen if change.reaches(method)]
        if change.name == "seed":
            raise ValueError(f"{told}: a grid counts its seeds from 0, say how many with --seeds")
        if not reached:
            known = sorted({name for method in chosen for name in (method.name, method.kind)})
            raise ValueError(f"{told}: no chosen method {change.of!r}: {nearest(change.of, known)}")
        if change.name == "label_noise":
            if change.of:
                raise ValueError(f"{told}: wrong labels are for all methods: --set label_noise=…")
            continue
        having = [method for method in reached if method.takes(change.name)]
        if not having:
            known = sorted({name for method in reached for name in method.known})
            who = f"{change.of!r} has not" if change.of else "no chosen method has"
            raise ValueError(f"{told}: {who} that setting: {nearest(change.name, known)}")
        if (
            not change.of
            and change.name not in SHARED
            and len({method.kind for method in chosen}) > 1
        ):
            owners = ", ".join(sorted({repr(method.kind) for method in having}))
            example = f"--set {having[0].kind}.{change.name}=…"
            raise ValueError(
                f"{told} need not mean the same in every method: say which ({owners}), as in {example}"
            )
        if all(change.name in method.changes for method in having):
            raise ValueError(
                f"{told}: the name {having[0].name!r} fixes that setting: leave it out"
            )


def check_share(value: Any) -> float:
    """A share of wrong labels.

    Raises:
        ValueError: it is no number from 0 to 1.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError(f"--set 'label_noise' is {value!r}, expected one number from 0 to 1")
    return float(value)
