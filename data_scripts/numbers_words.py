"""Number words of the world's languages, from the rules by which CLDR spells numbers out."""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .download import fetch
from .numbers_medium import COUNTS, DIGITS, PARTS, Medium

BASE = "https://raw.githubusercontent.com/unicode-org/cldr-json/48.2.0/cldr-json/cldr-rbnf/rbnf"
MANIFEST = Path(__file__).with_name("numbers_words.txt")
"""For each language its code, the git id of its rules, and its English name."""
FORMS = ("numbering", "cardinal", *(f"cardinal-{kind}" for kind in ("masculine", "feminine", "neuter", "common")))
FORMS += ("cardinal-reale", "cardinal-native", "cardinal-sinokorean")
"""Sets of rules whose words are taken: counting, and the forms that go with nouns; no cases, no cheque writing."""
Rules = Mapping[str, list[list[str]]]


class Word(NamedTuple):
    """A number word, its digit, the languages that it is of, and what must stay in one split with it."""

    word: str
    digit: int
    languages: tuple[str, ...]
    group: str


def words(seed: int) -> Medium:
    """Words, up to 100 of each digit, each with the languages that it is of.

    Words that differ only in accents or capitals, and the forms of one language, are one group: it goes to
    one split. So does a word that means one digit here and another there.
    """
    chosen = spread(number_words(read_rules()), seed)
    order = sorted(chosen, key=lambda word: (chosen[word], word.digit, word.word))
    digits = np.array([word.digit for word in order])
    part = np.array([chosen[word] for word in order])
    title = [f"{named(word.languages)}: {word.word}" for word in order]
    return Medium(np.array([word.word for word in order]), digits, part, [word.group for word in order], title)


def named(languages: Sequence[str]) -> str:
    """Up to three languages, and how many more there are; no regions beside their language.

    Example:
        >>> named(["Danish", "German (Switzerland)", "German", "Italian", "Venetian"])
        'Danish, German, Italian and 1 more'
    """
    own = [name for name in languages if name == name.split(" (")[0] or name.split(" (")[0] not in languages]
    told = ", ".join(own[:3])
    return told if len(own) <= 3 else f"{told} and {len(own) - 3} more"


def read_rules() -> dict[str, Rules]:
    """Rules by the English name of their language."""
    rules = {}
    for line in MANIFEST.read_text(encoding="utf-8").splitlines():
        code, expected, name = line.split(maxsplit=2)
        content = json.loads(fetch(f"{BASE}/{code}.json", expected).read_text(encoding="utf-8"))
        rules[name] = content["rbnf"]["rbnf"]["SpelloutRules"]
    return rules


def spell(rules: Rules, name: str, number: int) -> str | None:
    """How a set of rules spells a number from 0 to 9; ``None`` where it writes it with digits or affixes.

    The rule with the largest base up to the number holds; it is a word, or ``=%other=``, which names
    another set.

    Example:
        >>> rules = {"%own": [["0", "nil;"], ["1", "=%other=;"]], "%other": [["0", "zero;"], ["1", "one;"]]}
        >>> spell(rules, "%own", 0), spell(rules, "%own", 1)
        ('nil', 'one')
    """
    _, text = max((int(base), text) for base, text in rules[name] if base.isdigit() and int(base) <= number)
    text = text.removesuffix(";").removeprefix("'")
    if other := re.fullmatch(r"=(%[\w-]+)=", text):
        return spell(rules, other[1], number)
    return None if re.search(r"[=#←→<>\[\]0-9]", text) else text


def number_words(rules: Mapping[str, Rules]) -> list[Word]:
    """All distinct words for 0 to 9, and the groups that must stay together."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for language, own in rules.items():
        for name in own:
            if name.removeprefix("%spellout-") in FORMS:
                for digit in range(DIGITS):
                    word = spell(own, name, digit)
                    if word and language not in found[word, digit]:
                        found[word, digit].append(language)
    groups = joined(
        [plain(word), *((language, digit) for language in languages)] for (word, digit), languages in found.items()
    )
    first: dict[int, str] = {}
    for (word, _), group in zip(found, groups, strict=True):
        first[group] = min(first.get(group, word), word)
    return [
        Word(word, digit, tuple(languages), first[group])
        for ((word, digit), languages), group in zip(found.items(), groups, strict=True)
    ]


def plain(word: str) -> str:
    """A word without capitals and accents.

    Example:
        >>> plain("Três"), plain("tres")
        ('tres', 'tres')
    """
    letters = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def joined(marks: Iterable[Iterable[object]]) -> list[int]:
    """Numbers of the groups of things that share a mark, or are linked by others that do.

    Example:
        >>> joined([["a"], ["b"], ["a", "c"], ["c"]])
        [0, 1, 0, 0]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = [list(own) for own in marks]
    place = {mark: number for number, mark in enumerate(dict.fromkeys(mark for own in rows for mark in own))}
    pairs = np.array([(row, place[mark]) for row, own in enumerate(rows) for mark in own])
    shared = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(rows), len(place)))
    _, group = connected_components(shared @ shared.T, directed=False)
    return np.unique(group, return_inverse=True)[1].tolist()


def spread(found: Iterable[Word], seed: int) -> dict[Word, int]:
    """A split for each word: whole groups, shuffled, fill the shares of their digit.

    A group goes to the split that lacks most of its share of the group's first digit. Large groups come
    first, so that small ones can fill what is left.
    """
    groups: dict[str, list[Word]] = defaultdict(list)
    for word in sorted(found):
        groups[word.group].append(word)
    totals = np.bincount([word.digit for own in groups.values() for word in own], minlength=DIGITS)
    shares = np.array(list(COUNTS.values())) / sum(COUNTS.values())
    filled = np.zeros((DIGITS, len(PARTS)))
    names = np.random.default_rng(seed).permutation(sorted(groups)).tolist()
    part = {}
    for name in sorted(names, key=lambda name: -len(groups[name])):
        digit = groups[name][0].digit
        place = int(np.argmax((shares * totals[digit] - filled[digit]) / shares))
        for word in groups[name]:
            filled[word.digit, place] += 1
            part[word] = place
    return part
