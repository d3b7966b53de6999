"""Tables that may be larger than memory: sparse, a memory map, or an HDF5 data set.

They stay where they are, as a :class:`LazyTable`, and are read batch by batch.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from .devices import on_device
from .tables import are_fine, as_array, check_features, check_shape, check_values, is_sparse

BLOCK = 2**24
"""Numbers of a lazy table that are read at once where all of it has to be read."""


def as_features(
    array: Any, modality: str, dimension: int | None = None
) -> "np.ndarray | LazyTable":
    """As :func:`check_features`; what may be larger than memory stays where it is.

    Raises:
        ValueError: as there.
    """
    if isinstance(array, LazyTable):
        check_shape(array.shape, modality, dimension)
        return array
    source = _lazy_source(array)
    if source is None:
        return check_features(array, modality, dimension)
    check_shape(source.shape or (), modality, dimension)
    what = f"modality {modality!r}: features"
    if source.dtype.kind not in "fiub":
        kind = f"{type(array).__name__} of {source.dtype}"
        raise ValueError(f"{what}: expected a table of numbers, got {kind}")
    table = LazyTable(source)
    if table.sparse and (not table.source.nnz or are_fine(table.source.data)):
        return table
    start = 0
    for block in table.blocks():
        check_values(block, what, start)
        start += len(block)
    return table


def _lazy_source(array: Any) -> Any:
    """A table to be read where it lies: sparse, a memory map or HDF5; ``None`` for others."""
    flat = isinstance(array, torch.Tensor) and array.ndim == 2 and array.layout != torch.strided
    if flat and not array.dense_dim():
        found = array.detach().cpu().to_sparse_coo().coalesce()
        rows, columns = found.indices().numpy()
        values = as_array(found.values(), "values")
        if values.dtype == np.float16:
            values = values.astype(np.float32)  # SciPy has no smaller ones
        from scipy.sparse import csr_matrix

        return csr_matrix((values, (rows, columns)), shape=tuple(found.shape))
    hdf5 = type(array).__module__.startswith("h5py") and hasattr(array, "shape")
    if is_sparse(array) and array.dtype.kind in "iub" and array.dtype.itemsize < 4:
        return array.astype(np.float32)  # entries that are added up must not overflow
    lazy = is_sparse(array) or isinstance(array, np.memmap) or hdf5
    return array if lazy else None


class LazyTable:
    """A table (n, d) that is read where it lies: sparse, a memory map, or an HDF5 data set.

    Indexing gives dense rows of float32. The source must stay as it is, and open. Of an HDF5 file
    whole chunks are read, so chunks of few rows make batches fast. Pages of a memory map that were
    read count as memory of the process, but the system takes them back when it needs room.

    Args:
        source: a SciPy sparse matrix, a ``numpy.memmap`` or an ``h5py.Dataset``.
        rows: which of its rows; ``None`` for all.

    Example:
        >>> import scipy.sparse
        >>> table = LazyTable(scipy.sparse.csr_matrix(np.eye(3)))
        >>> table, table[1:].tolist()
        (LazyTable(3 × 3, sparse), [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    """

    ndim = 2
    dtype = np.dtype(np.float32)

    def __init__(self, source: Any, rows: np.ndarray | None = None) -> None:
        self.sparse = is_sparse(source)
        self.source = source.tocsr() if self.sparse else source
        self.rows = rows

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        count = self.source.shape[0] if self.rows is None else len(self.rows)
        return count, self.source.shape[1]

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        told = f"{self} is read where it lies: index it for some rows, as in table[:100]"
        raise ValueError(f"{told}, or table[:] for all of them in memory")

    def __getitem__(self, index: slice | np.ndarray) -> np.ndarray:
        """Some rows, dense."""
        if np.ndim(index) == 0 and not isinstance(index, slice):
            return self[np.array([index])][0]
        plain = isinstance(index, slice) and self.rows is None and (index.step or 1) > 0
        found = self._found(index if plain else self._places(index))
        # PyTorch's memory is aligned as on_device wants it.
        dense = torch.empty(found.shape, dtype=torch.float32).numpy()
        with np.errstate(over="ignore", invalid="ignore"):
            if self.sparse:
                found.astype(np.float32, copy=False).toarray(out=dense)
            else:
                dense[:] = found
        return dense

    def _found(self, index: slice | np.ndarray) -> Any:
        """Some rows of the source, as it has them."""
        if not isinstance(index, slice) and not len(index):
            index = slice(0)
        if self.sparse or isinstance(index, slice):
            return self.source[index]
        # Files are read in their order, each row once; close rows in one go.
        wanted, place = np.unique(index, return_inverse=True)
        first, last = int(wanted[0]), int(wanted[-1])
        if last - first < 2 * len(wanted):
            return self.source[first : last + 1][index - first]
        return np.asarray(self.source[wanted])[place]

    def sparse_rows(self, index: slice | np.ndarray) -> torch.Tensor:
        """Some rows of a sparse table as a sparse tensor of float32."""
        found = self._found(self._places(index)).astype(np.float32)
        found.sum_duplicates()
        row = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
        places = torch.from_numpy(np.stack([row, found.indices]))
        return sparse_tensor(places, torch.from_numpy(found.data), found.shape)

    def _places(self, index: Any) -> np.ndarray:
        """Which rows of the source an index means."""
        if isinstance(index, slice) or np.asarray(index).dtype.kind != "i":
            index = np.arange(len(self))[index]
        index = np.where(np.less(index, 0), np.add(index, len(self)), index)
        if index.size and not 0 <= index.min() <= index.max() < len(self):
            raise IndexError(f"rows {index.min()} to {index.max()} of a table of {len(self)} rows")
        return index if self.rows is None else self.rows[index]

    def take(self, rows: np.ndarray) -> "LazyTable":
        """Some of the rows as a table of their own, which still lies where this one does."""
        return LazyTable(self.source, self._places(rows))

    def blocks(self) -> Iterator[np.ndarray]:
        """All rows in their order, some at a time."""
        step = max(1, BLOCK // self.shape[1])
        for start in range(0, len(self), step):
            yield self[start : start + step]

    def sparse_blocks(self) -> Iterator[Any]:
        """As :meth:`blocks`, of a sparse table, as copies that are sparse still."""
        step = max(1, BLOCK * self.source.shape[0] // max(1, self.source.nnz))
        for start in range(0, len(self), step):
            part = slice(start, start + step)
            block = self.source[part if self.rows is None else self.rows[part]]
            block.sum_duplicates()
            yield block

    def __repr__(self) -> str:
        kind = "sparse" if self.sparse else type(self.source).__name__
        return f"LazyTable({len(self)} × {self.shape[1]}, {kind})"


class LazyRows:
    """Features X (n, d) that stay where they are: a batch is read, made dense and moved as needed.

    Indexing, ``len``, ``shape``, ``device`` and ``split`` are those of a tensor.

    Args:
        table: where the rows lie.
        device: where they go.
        sparse: batches stay sparse.
    """

    def __init__(self, table: LazyTable, device: torch.device, sparse: bool = False) -> None:
        self.table, self.device, self.sparse = table, device, sparse
        self.shape = table.shape

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: slice | torch.Tensor) -> torch.Tensor:
        rows = index if isinstance(index, slice) else index.cpu().numpy()
        if self.sparse:
            return self.table.sparse_rows(rows)
        return on_device(self.table[rows], self.device)

    def split(self, rows: int) -> Iterator[torch.Tensor]:
        """All rows in their order, some at a time: as many, or fewer where they are long."""
        rows = max(1, min(rows, BLOCK // self.shape[1]))
        for start in range(0, len(self), rows):
            yield self[start : start + rows]


def as_rows(features: "np.ndarray | LazyTable", device: torch.device | str = "cpu") -> Any:
    """Checked features on a device: a tensor, or :class:`LazyRows`; sparse ones on the CPU."""
    if isinstance(features, LazyTable):
        device = torch.device(device)
        return LazyRows(features, device, features.sparse and device.type == "cpu")
    return on_device(features, device)


def sparse_tensor(places: torch.Tensor, values: torch.Tensor, shape: Any) -> torch.Tensor:
    """A sparse tensor from places (2, m) in order, each once, and values (m,)."""
    known = {"is_coalesced": True, "check_invariants": False}
    return torch.sparse_coo_tensor(places, values, tuple(shape), **known)
