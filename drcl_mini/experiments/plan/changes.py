"""``--set``: which setting changes for which method."""

import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from ...baselines.joint import DeepBaseline
from ...core.checks import suggest
from ...core.terminal import assignment
from .methods import Method

KNOWN = Method("DRCL", "DRCL").known
SHARED = tuple(setting.name for setting in fields(DeepBaseline) if setting.name in KNOWN)
"""Settings that mean the same in DRCL and in every compared deep method."""

HELP = f"""a setting; repeatable. Numbers with commas between them are a list: hidden=256,256.
{", ".join(SHARED)} mean the same
everywhere and reach every method that has them; others need their method's name, METHOD.NAME=VALUE,
say DRCL.gamma=0.8 (for DRCL and all its variants but those whose name fixes it), unless all methods
are of one kind. label_noise is the share of wrong training labels; validation and test labels stay
clean"""


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
        """Whether it is meant for this method, which need not have the setting."""
        return self.of in ("", method.kind, method.name)


def change_of(text: str) -> Change:
    """A change from the command line.

    Example:
        >>> change_of("epochs=3")
        Change(of='', name='epochs', value=3)
        >>> change_of("hidden = 64.gamma=0.8")
        Change(of='hidden = 64', name='gamma', value=0.8)
    """
    found = re.fullmatch(r"(?:(.+?)\.)?([^\W\d]\w*=.*)", text, re.DOTALL)
    if not found:
        raise ValueError(f"--set {text!r}: expected NAME=VALUE or METHOD.NAME=VALUE")
    return Change(found[1] or "", *assignment(found[2]))


def changes_of(method: Method, given: Sequence[Change]) -> dict[str, Any]:
    """What changes for one method: changes for its name win over those for its kind or for all.

    Example:
        >>> given = [Change("DRCL", "epochs", 5), Change("", "epochs", 3), Change("", "dim", 16)]
        >>> changes_of(Method("full", "DRCL"), given), changes_of(Method("MRL", "MRL"), given)
        ({'epochs': 5, 'dim': 16}, {'epochs': 3, 'dim': 16})
    """
    own = [change for change in given if change.reaches(method)]
    own.sort(key=lambda change: ("", method.kind, method.name).index(change.of))
    return {change.name: change.value for change in own}


def check_changes(chosen: Sequence[Method], given: Sequence[Change]) -> None:
    """Every change must reach some chosen method, and mean one thing.

    Raises:
        ValueError: it doesn't; suggests similar names, or says how to name the method.
    """
    kinds = {method.kind for method in chosen}
    for change in given:
        reached = [method for method in chosen if change.reaches(method)]
        having = [method for method in reached if change.name in method.known]
        if change.name == "seed":
            fault = "a grid counts its seeds from 0, say how many with --seeds"
        elif not reached:
            known = kinds | {method.name for method in chosen}
            fault = f"no chosen method {change.of!r}: {suggest(change.of, sorted(known))}"
        elif change.name == "label_noise":
            fault = "it holds for all methods: --set label_noise=…" if change.of else ""
        elif not having:
            known = {name for method in reached for name in method.known}
            who = f"{change.of!r} doesn't have" if change.of else "no chosen method has"
            fault = f"{who} that setting: {suggest(change.name, sorted(known))}"
        elif not change.of and change.name not in SHARED and len(kinds) > 1:
            owners = ", ".join(sorted({repr(method.kind) for method in having}))
            example = f"--set {having[0].kind}.{change.name}=…"
            fault = f"can mean something else in each method: name one of {owners}, say {example}"
        elif all(change.name in method.changes for method in having):
            fault = f"the name {having[0].name!r} fixes that setting: leave it out"
        else:
            fault = ""
        if fault:
            told = ".".join(filter(None, [change.of, change.name]))
            raise ValueError(f"--set {told!r}: {fault}")
