"""The world of minimedia: 20 classes in a tree, and where each of them stands in a space of traits.

Five branches hold two pairs each, a pair holds two classes. In every medium a class is a point z_c:

    z_c = branch offset + pair offset + class offset,    with lengths 1, 0.6 and 0.45.

So two classes of a pair differ least, two of a branch more, two of different branches most, in
pictures and in sounds alike. An item is its class's point plus a random deviation, whose size
makes a medium easy or hard.
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


TABLE = """
animal mammal         | cat kitten tabby               | sleek purring     | purrs naps stretches
animal mammal         | dog puppy hound                | loyal barking     | barks fetches wags
animal bird           | owl owlet hooter               | nocturnal wise    | hoots glides stares
animal bird           | crow raven rook                | black clever      | caws pecks hops
vehicle wheeled       | car sedan coupe                | shiny fast        | speeds honks parks
vehicle wheeled       | truck lorry hauler             | heavy dusty       | hauls rumbles unloads
vehicle floating      | ship steamer liner             | vast steel        | steams docks sounds
vehicle floating      | canoe kayak dinghy             | slender wooden    | paddles slips capsizes
instrument string     | violin fiddle viola            | varnished bowed   | sings weeps soars
instrument string     | guitar ukulele banjo           | strummed hollow   | strums twangs chimes
instrument percussion | drum snare bongo               | taut beaten       | thumps rolls pounds
instrument percussion | gong cymbal bell               | bronze ringing    | rings clangs shimmers
weather wet           | rain drizzle shower            | grey steady       | patters drips pours
weather wet           | snow sleet blizzard            | white silent      | drifts settles swirls
weather stormy        | thunder lightning thunderstorm | crashing electric | cracks flashes booms
weather stormy        | wind gale breeze               | howling gusty     | howls blows whistles
appliance kitchen     | kettle teapot boiler           | hot steaming      | boils hisses steams
appliance kitchen     | mixer blender whisk            | whirring creamy   | blends stirs whips
appliance workshop    | saw jigsaw hacksaw             | toothed jagged    | cuts rasps slices
appliance workshop    | drill screwdriver auger        | spinning pointed  | bores turns screws
"""
"""Branch and pair of each class; its nouns (the first is its name), adjectives and verbs."""


def _kind(row: str) -> Kind:
    place, nouns, adjectives, verbs = map(str.strip, row.split("|"))
    branch, pair = place.split()
    return Kind(nouns.split()[0], pair, branch, nouns, adjectives, verbs)


KINDS = tuple(map(_kind, TABLE.strip().splitlines()))
"""The 20 classes, in the order of their indices."""

SHARED = {
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
"""Words that a whole pair or branch has in common: nouns, adjectives, verbs."""
PLACES = {
    "animal": "garden forest barn meadow",
    "vehicle": "harbour road garage bridge",
    "instrument": "stage hall studio school",
    "weather": "valley hills coast fields",
    "appliance": "kitchen shed counter bench",
}
"""Places where each branch is at home."""


def tree_distance(a: int, b: int) -> int:
    """Steps up the tree until two classes meet: 0 for the same, then pair, branch, root.

    Example:
        >>> [tree_distance(0, other) for other in (0, 1, 2, 19)]
        [0, 1, 2, 3]
    """
    x, y = KINDS[a], KINDS[b]
    return (x != y) + (x.pair != y.pair) + (x.branch != y.branch)


def traits(dimensions: int, source: np.random.Generator) -> np.ndarray:
    """Points z (20, dimensions), one for each class, in the trait space of a medium.

    Branch offsets are corners of a simplex in a random orientation, so all branches are equally
    far apart; pairs and classes are ± offsets in random directions.
    """
    large, middle, small = LENGTHS
    frame, _ = np.linalg.qr(source.normal(size=(max(dimensions, 5), max(dimensions, 5))))
    corners = np.eye(5) - 0.2
    points = []
    for branch in (corners @ frame[:5])[:, :dimensions]:
        centre = large * branch / np.linalg.norm(branch)
        up = middle * _direction(source, dimensions)
        for pair in (centre - up, centre + up):
            aside = small * _direction(source, dimensions)
            points += [pair - aside, pair + aside]
    return np.array(points)


def _direction(source: np.random.Generator, dimensions: int) -> np.ndarray:
    vector = source.normal(size=dimensions)
    return vector / np.linalg.norm(vector)
