"""Seeded damage to files: what a bad disk, a broken download or an attacker may do to them."""

import io
import json
import os
import struct
import zipfile

import numpy as np

EXTREMES = [0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1]


class Trap:
    """Who unpickles it makes a folder."""

    def __init__(self, place):
        self.place = str(place)

    def __reduce__(self):
        return (os.mkdir, (self.place,))


def flip(content, chance):
    """One bit, or a few."""
    for _ in range(chance.choice([1, 1, 4, 40])):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def cut(content, chance):
    """Some bytes of the beginning only."""
    return content[: chance.choice([0, 1, 7, 8, 100, *(chance.randrange(len(content)) for _ in range(5))])]


def lengthen(content, chance):
    """More at the end, or in front."""
    more = chance.choice([b"\0" * 100, content[:500], chance.randbytes(200)])
    return content + more if chance.random() < 0.7 else more + content


def blank(content, chance):
    """A stretch of zeros, of ones or of noise."""
    start, length = chance.randrange(len(content)), chance.choice([4, 64, 512, 4096])
    length = min(length, len(content) - start)
    content[start : start + length] = chance.choice([b"\0" * length, b"\xff" * length, chance.randbytes(length)])
    return content


def move(content, chance):
    """A stretch twice, left out, or elsewhere."""
    start, to = chance.randrange(len(content)), chance.randrange(len(content))
    part = content[start : start + chance.choice([1, 8, 100, 1000])]
    kind = chance.randrange(3)
    if kind == 0:
        return content[:start] + content[start + len(part) :]
    content[to : to + (len(part) if kind == 1 else 0)] = part
    return content


def number(content, chance):
    """An extreme number where a size, an offset or a count may stand: mostly near the beginning."""
    form = chance.choice(["<B", "<H", "<I", "<Q", ">I"])
    size = struct.calcsize(form)
    end = max(size, len(content) if chance.random() < 0.4 else min(len(content), 1000))
    start = chance.randrange(end - size + 1)
    content[start : start + size] = struct.pack(form, chance.choice(EXTREMES) % 256**size)
    return content


ANY = [flip, flip, cut, lengthen, blank, move, number, number]
"""Damage to bytes, of whatever format."""


def deep(chance):
    """JSON, nested deeper than a parser may go, but for the brackets that would close it or not."""
    depth = chance.choice([50, chance.randrange(300, 1000), 5_000, 200_000])
    opening, closing = chance.choice([("[", "]"), ('{"a":', "}")])
    return opening * depth + ("1" if opening != "[" else "") + (closing * depth if chance.random() < 0.8 else "")


SCALARS = [
    None, True, False, -1, 0, 1, 7, 2**31, 2**63, 10**30, 10**400, -0.5, 1e308, float("nan"), float("inf"), "", "x",
    "../../escaped", "/absolute", "a" * 5000, "\0", "\ud800", [], {}, [[]], {"a": {}}, [None], ["a", 1], [1e9] * 3,
]  # fmt: skip


def hostile_json(text, chance):
    """JSON with one of its values replaced, renamed, left out, or twice; or no JSON at all."""
    tree = json.loads(text)
    places = list(_places(tree))
    holder, key = chance.choice(places)
    kind = chance.randrange(8)
    if kind == 0 and isinstance(holder, dict):
        holder[chance.choice(["", "extra", "__class__", "../x"])] = holder.pop(key)
    elif kind == 1:
        del holder[key]
    elif kind == 2 and isinstance(holder, list):
        holder *= chance.choice([2, 50])
    elif kind in (3, 4):
        holder[key] = "HERE"
        inside = deep(chance) if kind == 3 else chance.choice(["1" * 5000, "-", "1e999", "nul", '"', "NaN", "\\u12"])
        return json.dumps(tree).replace('"HERE"', inside, 1)
    else:
        holder[key] = chance.choice(SCALARS)
    return json.dumps(tree)


def _places(tree):
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(pairs):
        yield tree, key
        yield from _places(value)


HEADERS = [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 30 + ",), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -24), }",
    "{'descr': '<f4', 'fortran_order': 7, 'shape': 24, }",
    "{'descr': '<U1000000000', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000,), }",
    "{'descr': [('a', '<f4'), ('b', 'O')], 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<M8[Y]', 'fortran_order': False, 'shape': (24,), }",
    "{'descr': 'float99', 'fortran_order': False, 'shape': (24,), }",
    "{'descr': __import__('os').mkdir('trap'), 'fortran_order': False, 'shape': (24,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "-" * 9000 + "1,), }",
    "(" * 5000, "{'descr': (", "'''", "\n  1\n 2", "",
]  # fmt: skip
"""Of an .npy member: shapes that are not there, types that need a pickle, code, and what Python's parser dislikes."""


def hostile_npz(content, chance, trap):
    """A .npz whose members, with right checksums, are not what they should be."""
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    name, kind, packing = chance.choice(list(members)), chance.randrange(8), zipfile.ZIP_DEFLATED
    if kind <= 1:
        header = (chance.choice(HEADERS) + "\n").encode("latin1")
        members[name] = b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + members[name][128:]
    elif kind == 2:
        members[name] = npy(np.array([Trap(trap)] * 3, dtype=object), allow_pickle=True)
    elif kind == 3:
        members[name] = npy(chance.choice(ARRAYS)())
    elif kind == 4:
        new = ["../../escaped.npy", "/absolute.npy", "train/../../x/features.npy", "items/../x/array.npy", "C:\\x.npy"]
        members[chance.choice([*new, "train//features.npy", "a/b/c/d/e.npy"])] = members.pop(name)
    elif kind == 5:
        members[name] = chance.choice([b"", b"\x93NUMPY", b"not an array", chance.randbytes(300)])
    elif kind == 6:
        members["name.npy"] = npy(np.array(chance.choice(["../../escaped", "/absolute", "..", "a\\b", "", "\x1b[2J"])))
    else:
        members[name] = npy(np.zeros(2**26, np.uint8))
        packing = chance.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, some in members.items():
            archive.writestr(name, some)
    return file.getvalue()


ARRAYS = [
    lambda: np.zeros(()), lambda: np.zeros((0, 3)), lambda: np.zeros((24, 0)), lambda: np.full((24, 7), np.nan),
    lambda: np.full((24, 7), 1e300), lambda: np.zeros((24, 7), complex), lambda: np.zeros((24, 7), "U3"),
    lambda: np.zeros(24, bool), lambda: np.full(24, 2**63, np.uint64), lambda: np.full(24, -(2**63)),
    lambda: np.arange(24), lambda: np.arange(24) * 10**8, lambda: np.zeros(24, "M8[s]"), lambda: np.zeros((2, 3, 4)),
    lambda: np.zeros(24, [("a", "f4")]), lambda: np.array(["a"] * 3), lambda: np.array(b"\xff" * 9),
]  # fmt: skip


def npy(array, **options):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, **options)
    return file.getvalue()


class Kind:
    """One kind of file.

    ``make(path)`` writes a good one. ``read(path)`` gives what is in it, after a look that it is usable.
    ``own(content, chance, trap)`` damages it in a way of its format.
    ``place`` is the file's name; ``data`` is the data folder.
    """

    def damage(self, content, chance, trap):
        """The damaged content, and whether it was done with knowledge of the format."""
        if chance.random() < 0.5:
            return self.own(content, chance, trap), True
        return bytes(chance.choice(ANY)(bytearray(content), chance)), False
