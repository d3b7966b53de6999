"""Arrays of numbers from MATLAB files of version 5. SciPy has a reader, too; some damaged files crash it.

Format: MathWorks, MAT-File Format, "Level 5 MAT-File Format".
"""

import math
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""How the numbers of an element are stored."""
MATRIX, COMPRESSED, OPAQUE = 14, 15, 17
KINDS = {
    1: "cell",
    2: "struct",
    3: "object",
    4: "char",
    5: "sparse",
    16: "function",
    **dict.fromkeys(range(6, 16), "numbers"),
}
COMPLEX = 0x800
LONGEST_HEAD = 4096
"""Bytes in which a variable's type, shape and name stand."""


class Head(NamedTuple):
    """What a variable says of itself before its content."""

    name: str
    shape: tuple[int, ...]
    kind: str
    content: memoryview


class Mat5:
    """An open file; its variables are read one at a time.

    Args:
        file: of version 5, see :func:`is_mat5`.

    Raises:
        ValueError, struct.error, zlib.error: it is damaged; so do the methods.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._size = file, file.seek(0, 2)
        file.seek(126)
        self._order = "<" if file.read(2) == b"IM" else ">"

    def heads(self) -> Iterator[tuple[Head, tuple[int, int], Callable[[], memoryview]]]:
        """Each variable's head, its bytes unpacked and packed, and a function that reads its whole element."""
        at = 128
        while at < self._size:
            self._file.seek(at)
            kind, size = struct.unpack(self._order + "II", self._file.read(8))
            start, at = at + 8, at + 8 + size
            if at > self._size:
                raise ValueError("it ends within a variable")
            if kind not in (MATRIX, COMPRESSED):
                raise ValueError(f"an element of type {kind} stands where a variable should")
            head, length = self._head(start, kind, size)
            yield head, (length, size), lambda s=start, k=kind, n=size: self._element(s, k, n)

    def value(self, element: memoryview, cell_of: str = "") -> np.ndarray | list[np.ndarray]:
        """A variable's numbers; a list of arrays for a cell array."""
        head = self._parse(element)
        if head.kind == "cell" and not cell_of:
            cells, at = [], 0
            for _ in range(math.prod(head.shape)):
                kind, cell, at = self._next(head.content, at)
                if kind != MATRIX:
                    raise ValueError(f"cell {len(cells)} of {head.name!r} is no variable")
                cells.append(self.value(cell, head.name))
            return cells
        if head.kind != "numbers":
            raise ValueError(f"a cell of {cell_of!r} holds {head.kind} data, expected numbers")
        kind, numbers, _ = self._next(head.content, 0)
        if kind not in TYPES:
            raise ValueError(f"numbers are stored as the unknown type {kind}")
        stored = np.frombuffer(numbers, self._order + TYPES[kind]).reshape(head.shape, order="F")
        return stored.astype(stored.dtype.newbyteorder("="), copy=False)

    def _head(self, start: int, kind: int, size: int) -> tuple[Head, int]:
        """A variable's head, and how many bytes it says that it has, unpacked."""
        self._file.seek(start)
        begin = self._file.read(min(size, LONGEST_HEAD))
        if kind == COMPRESSED:
            begin = zlib.decompressobj().decompress(begin, LONGEST_HEAD)
            _, size = struct.unpack_from(self._order + "II", begin)
            begin = begin[8:]
        return self._parse(memoryview(begin)), size

    def _element(self, start: int, kind: int, size: int) -> memoryview:
        """What stands within a variable's tag, unpacked."""
        self._file.seek(start)
        content = self._file.read(size)
        if kind == MATRIX:
            return memoryview(content)
        unpacker = zlib.decompressobj()
        tag = unpacker.decompress(content, 8)
        inner, length = struct.unpack(self._order + "II", tag)
        whole = unpacker.decompress(unpacker.unconsumed_tail, length + 1)
        if inner != MATRIX or len(whole) != length or not unpacker.eof:
            raise ValueError(f"a packed variable has not the {length} bytes that it declares")
        return memoryview(whole)

    def _parse(self, element: memoryview) -> Head:
        if not len(element):  # an empty cell
            return Head("", (0, 0), "numbers", memoryview(struct.pack(self._order + "II", 9, 0)))
        _, flags, at = self._next(element, 0)
        (word,) = struct.unpack_from(self._order + "I", flags)
        if word & 0xFF == OPAQUE:
            return Head(bytes(self._next(element, at)[1]).decode("latin1"), (1, 1), "opaque", element[at:])
        _, dims, at = self._next(element, at)
        shape = tuple(np.frombuffer(dims, self._order + "i4").tolist())
        _, name, at = self._next(element, at)
        if len(shape) < 2 or min(shape) < 0:
            raise ValueError(f"a variable has the shape {shape}")
        kind = "complex" if word & COMPLEX else KINDS.get(word & 0xFF, "unknown")
        return Head(bytes(name).decode("latin1"), shape, kind, element[at:])

    def _next(self, buffer: memoryview, at: int) -> tuple[int, memoryview, int]:
        """Type and content of the element at a place, and where the next one is."""
        kind, size = struct.unpack_from(self._order + "II", buffer, at)
        start, step = at + 8, size + -size % 8
        if kind >> 16:  # a small one: its content, up to four bytes, stands within the tag
            kind, size, start, step = kind & 0xFFFF, kind >> 16, at + 4, 4
        if size > step or start + size > len(buffer):
            raise ValueError(f"an element of {size} bytes goes beyond its end")
        return kind, buffer[start : start + size], start + step


def is_mat5(path: Path) -> bool:
    """Whether a file begins as one of version 5."""
    with open(path, "rb") as file:
        start = file.read(128)
    return start[124:] in (b"\0\1IM", b"\1\0MI") and start[:4].count(0) == 0
