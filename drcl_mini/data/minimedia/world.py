"""The world of minimedia: 20 classes in a tree, and where each of them stands in a space of traits.

Five branches hold two pairs each, a pair holds two classes. In every medium a class is a point z_c:

    z_c = branch offset + pair offset + class offset,    with lengths 1, 0.6 and 0.45.

So two classes of a pair differ least, two of a branch more, two of different branches most, in pictures
and in sounds alike. An item is its class's point plus a random deviation: the medium's difficulty.
"""

from typing import NamedTuple

import numpy as np

LENGTHS = (1.0, 0.6, 0.45)


class Kind(NamedTuple):
    """One class: its place in the tree and its words."""

    name: str
    pair: str
    branch: str
    nouns: str
    adjectives: str
    verbs: str


def _kinds(branch: str, **pairs: dict[str, tuple[str, str, str]]) -> list[Kind]:
    return [
        Kind(name, pair, branch, *words)
        for pair, members in pairs.items()
        for name, words in members.items()
    ]


KINDS: tuple[Kind, ...] = (
    *_kinds(
        "animal",
        mammal={
            "cat": ("cat kitten tabby", "sleek purring", "purrs naps stretches"),
            "dog": ("dog puppy hound", "loyal barking", "barks fetches wags"),
        },
        bird={
            "owl": ("owl owlet hooter", "nocturnal wise", "hoots glides stares"),
            "crow": ("crow raven rook", "black clever", "caws pecks hops"),
        },
    ),
    *_kinds(
        "vehicle",
        wheeled={
            "car": ("car sedan coupe", "shiny fast", "speeds honks parks"),
            "truck": ("truck lorry hauler", "heavy dusty", "hauls rumbles unloads"),
        },
        floating={
            "ship": ("ship steamer liner", "vast steel", "steams docks sounds"),
            "canoe": ("canoe kayak dinghy", "slender wooden", "paddles slips capsizes"),
        },
    ),
    *_kinds(
        "instrument",
        string={
            "violin": ("violin fiddle viola", "varnished bowed", "sings weeps soars"),
            "guitar": ("guitar ukulele banjo", "strummed hollow", "strums twangs chimes"),
        },
        percussion={
            "drum": ("drum snare bongo", "taut beaten", "thumps rolls pounds"),
            "gong": ("gong cymbal bell", "bronze ringing", "rings clangs shimmers"),
        },
    ),
    *_kinds(
        "weather",
        wet={
            "rain": ("rain drizzle shower", "grey steady", "patters drips pours"),
            "snow": ("snow sleet blizzard", "white silent", "drifts settles swirls"),
        },
        stormy={
            "thunder": (
                "thunder lightning thunderstorm",
                "crashing electric",
                "cracks flashes booms",
            ),
            "wind": ("wind gale breeze", "howling gusty", "howls blows whistles"),
        },
    ),
    *_kinds(
        "appliance",
        kitchen={
            "kettle": ("kettle teapot boiler", "hot steaming", "boils hisses steams"),
            "mixer": ("mixer blender whisk", "whirring creamy", "blends stirs whips"),
        },
        workshop={
            "saw": ("saw jigsaw hacksaw", "toothed jagged", "cuts rasps slices"),
            "drill": ("drill screwdriver auger", "spinning pointed", "bores turns screws"),
        },
    ),
)
"""The 20 classes, in the order of their indices."""

SHARED = {  # words that a whole pair or branch has in common: nouns, adjectives, verbs
    "mammal": ("mammal pet", "furry warm", "runs sniffs"),
    "bird": ("bird flier", "feathered winged", "flies perches"),
    "wheeled": ("automobile ride", "wheeled parked", "drives turns"),
    "floating": ("boat vessel", "floating afloat", "floats sails"),
    "string": ("strings fretwork", "tuned stringed", "plays resonates"),
    "percussion": ("percussion rhythm", "loud struck", "beats echoes"),
    "wet": ("precipitation weather", "wet cold", "falls soaks"),
    "stormy": ("storm squall", "wild dark", "rages roars"),
    "kitchen": ("cookware utensil", "domestic clean", "heats serves"),
    "workshop": ("tool hardware", "sharp powered", "works grinds"),
    "animal": ("animal creature", "lively hungry", "moves waits"),
    "vehicle": ("vehicle transport", "big moving", "travels stops"),
    "instrument": ("instrument sound", "musical old", "sounds stops"),
    "weather": ("sky cloud", "strong cool", "comes passes"),
    "appliance": ("appliance machine", "electric small", "runs stops"),
}
PLACES = {
    "animal": "garden forest barn meadow",
    "vehicle": "harbour road garage bridge",
    "instrument": "stage hall studio school",
    "weather": "valley hills coast fields",
    "appliance": "kitchen shed counter bench",
}


def tree_distance(a: int, b: int) -> int:
    """Steps up the tree until two classes meet: 0 the same, 1 a pair, 2 a branch, 3 the root.

    Example:
        >>> [tree_distance(0, other) for other in (0, 1, 2, 19)]
        [0, 1, 2, 3]
    """
    x, y = KINDS[a], KINDS[b]
    return 0 if a == b else 1 if x.pair == y.pair else 2 if x.branch == y.branch else 3


def traits(dimensions: int, source: np.random.Generator) -> np.ndarray:
    """z, (20, dimensions): a point for each class of one medium.

    Branch offsets are corners of a simplex in a random orientation, so all branches lie equally far apart;
    pairs and classes are ± offsets in random directions.
    """
    corners = np.eye(5) - 0.2
    frame, _ = np.linalg.qr(source.normal(size=(max(dimensions, 5), max(dimensions, 5))))
    branches = (corners @ frame[:5])[:, :dimensions]
    points = np.zeros((20, dimensions))
    for b in range(5):
        up = _direction(source, dimensions)
        for p in range(2):
            aside = _direction(source, dimensions)
            for c in range(2):
                offsets = (
                    branches[b] / np.linalg.norm(branches[b]),
                    (2 * p - 1) * up,
                    (2 * c - 1) * aside,
                )
                points[4 * b + 2 * p + c] = sum(
                    length * o for length, o in zip(LENGTHS, offsets, strict=True)
                )
    return points


def _direction(source: np.random.Generator, dimensions: int) -> np.ndarray:
    vector = source.normal(size=dimensions)
    return vector / np.linalg.norm(vector)
