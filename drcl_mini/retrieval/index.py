"""Approximate search of large galleries through FAISS: a share of the gallery is looked at, not all of it.

The items are split into lists around centres (k-means); a query is compared with the items of the few lists
whose centres are nearest. Within those lists the search is exact. How much that finds depends on the data:
nearly everything where items gather in many small groups, little where they fill the space evenly.

FAISS is an optional extra: ``pip install 'drcl-mini[index]'``.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.checks import check_features, check_k, needs
from ..core.tensorfile import load_checkpoint, save_checkpoint
from .ranking import BLOCK, in_blocks, unit_rows
from .search import Neighbours

PROBES = 12
"""Lists that a query is compared with: in 1,000,000 items of 100 classes these hold nearly all neighbours."""


class FaissIndex:
    """Lists of unit rows, for approximate search by cosine similarity.

    Example:
        >>> gallery = torch.randn(500, 8, generator=torch.Generator().manual_seed(0))
        >>> index = FaissIndex.build(gallery)
        >>> index.search(gallery[:3], k=2).indices[:, 0].tolist()
        [0, 1, 2]
    """

    def __init__(self, centres: np.ndarray, probes: int = PROBES) -> None:
        """An empty index of lists around centres (L, D), unit rows; :meth:`build` makes a whole one."""
        faiss = _faiss()
        quantizer = faiss.IndexFlatIP(centres.shape[1])
        quantizer.add(centres)
        self._index = faiss.IndexIVFFlat(
            quantizer, centres.shape[1], len(centres), faiss.METRIC_INNER_PRODUCT
        )
        self.probes = probes
        """Lists that a query is compared with, unless a search says otherwise."""

    def __len__(self) -> int:
        return self._index.ntotal

    @property
    def lists(self) -> int:
        """Into how many lists the items are split."""
        return self._index.nlist

    @classmethod
    def build(
        cls, gallery: Any, lists: int | None = None, probes: int = PROBES, seed: int = 0
    ) -> "FaissIndex":
        """The index of a gallery (n, D).

        Args:
            gallery: (n, D), embeddings.
            lists: how many, at most n; ``None`` for the square root of n.
            probes: lists that a query is compared with: more find more, and take longer.
            seed: of the k-means that places the centres.

        Raises:
            ImportError: FAISS isn't installed.
            ValueError: empty or not finite embeddings, numbers of lists or probes that aren't positive.
        """
        faiss, items = _faiss(), _unit_rows(gallery, "gallery")
        lists = round(len(items) ** 0.5) if lists is None else _count(lists, "lists")
        if lists > len(items):
            raise ValueError(
                f"lists is {lists}, the gallery has {len(items)} items: expected at most as many"
            )
        # The centres come from 256 items a list; of fewer than 39 FAISS would warn by printing.
        settings = {"spherical": True, "seed": seed, "niter": 10, "min_points_per_centroid": 1}
        means = faiss.Kmeans(items.shape[1], lists, **settings)
        means.train(items)
        index = cls(means.centroids, _count(probes, "probes"))
        index._index.add(items)
        return index

    def search(self, query: Any, k: int, probes: int | None = None) -> Neighbours:
        """About the k nearest items of each query, ordered as :func:`drcl_mini.nearest_neighbours` orders them.

        Of equal items at the end of the k, others may come than there.

        Args:
            query: (m, D), embeddings.
            k: how many; at most n come back.
            probes: lists to look at, ``None`` for the index's own number; all of them make the search exact
                but for the last bits of float32.

        Raises:
            ValueError: bad k or probes, empty or not finite embeddings, dimensions that differ.
        """
        k = check_k(k, optional=False)
        probes = self.probes if probes is None else _count(probes, "probes")
        queries = _unit_rows(query, "query")
        if queries.shape[1] != self._index.d:
            raise ValueError(
                f"the index has {self._index.d} dimensions, the queries have {queries.shape[1]}"
            )
        scores, indices = self._search(queries, min(k, len(self)), probes)
        short = indices[:, -1] < 0  # the lists looked at hold fewer than k items
        if short.any():
            scores[short], indices[short] = self._search(
                queries[short], min(k, len(self)), self.lists
            )
        order = np.lexsort((indices, -scores))
        return Neighbours(
            np.take_along_axis(indices, order, axis=1), np.take_along_axis(scores, order, axis=1)
        )

    def _search(self, queries: np.ndarray, k: int, probes: int) -> tuple[np.ndarray, np.ndarray]:
        parameters = _faiss().SearchParametersIVF(nprobe=min(probes, self.lists))
        return self._index.search(queries, k, params=parameters)

    def save(self, path: str | os.PathLike) -> Path:
        """Write the index to one safetensors file; whole or not at all."""
        return save_checkpoint(path, self._tensors(), {"index": {"probes": self.probes}})

    @classmethod
    def load(cls, path: str | os.PathLike) -> "FaissIndex":
        """Read what :meth:`save` wrote, and build the index anew from its numbers.

        No byte of the file reaches FAISS's own reader, which trusts what it reads; a checksum tells damage,
        and what the numbers say of lists and rows is checked, so that a forged file is refused, too, or
        at worst gives wrong neighbours.

        Raises:
            ImportError: FAISS isn't installed.
            FileNotFoundError: there is no such file.
            ValueError: it is cut off, damaged, something else, or of another version.
        """
        faiss = _faiss()
        tensors, header = load_checkpoint(path)
        if isinstance(header, dict) and "settings" in header:
            raise ValueError(
                f"{os.fspath(path)!r} is a model, no index of drcl_mini: read it by DRCL.load"
            )
        try:
            centres, rows, ids, sizes = (
                tensors[name] for name in ("centres", "rows", "ids", "sizes")
            )
            _check_lists(centres, rows, ids, sizes)
            index = cls(centres.numpy(), _count(header["index"]["probes"], "probes"))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{os.fspath(path)!r} is damaged or no index of drcl_mini: {error}"
            ) from None
        of_list = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
        pointers = [faiss.swig_ptr(tensor.numpy()) for tensor in (rows, ids, of_list)]
        index._index.add_core(len(rows), *pointers)
        return index

    def _tensors(self) -> dict[str, Tensor]:
        """The centres, and list after list the items' unit rows and indices, and how many a list has."""
        faiss, lists = _faiss(), self._index.invlists
        sizes = np.array([lists.list_size(i) for i in range(self.lists)], dtype=np.int64)
        rows, ids = np.empty((len(self), self._index.d), np.float32), np.empty(len(self), np.int64)
        stop = 0
        for i, size in enumerate(sizes.tolist()):
            start, stop = stop, stop + size
            if size:
                stored = faiss.rev_swig_ptr(lists.get_codes(i), size * self._index.code_size)
                rows[start:stop] = stored.view(np.float32).reshape(size, -1)
                ids[start:stop] = faiss.rev_swig_ptr(lists.get_ids(i), size)
        centres = self._index.quantizer.reconstruct_n(0, self.lists)
        arrays = {"centres": centres, "rows": rows, "ids": ids, "sizes": sizes}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}


def _faiss() -> Any:
    return needs("faiss", "'drcl-mini[index]'")


def _unit_rows(array: Any, name: str) -> np.ndarray:
    x = torch.from_numpy(check_features(array, name))
    unit = in_blocks(lambda part: unit_rows(x[part]).float(), len(x), BLOCK // (24 * x.shape[1]))
    return unit.numpy()


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} is {value!r}, expected an integer of at least 1")
    return int(value)


def _check_lists(centres: Tensor, rows: Tensor, ids: Tensor, sizes: Tensor) -> None:
    """That numbers from a file are those of an index."""
    kinds = [(x.dtype, x.ndim) for x in (centres, rows, ids, sizes)]
    if kinds != [(torch.float32, 2), (torch.float32, 2), (torch.int64, 1), (torch.int64, 1)]:
        raise ValueError(f"arrays of other kinds: {kinds}")
    dim = rows.shape[1]
    if 0 in (*centres.shape, *rows.shape) or (centres.shape, rows.shape) != (
        (len(sizes), dim),
        (len(ids), dim),
    ):
        raise ValueError(
            f"shapes that don't fit: {[tuple(x.shape) for x in (centres, rows, ids, sizes)]}"
        )
    few = sizes.min() >= 0 and sizes.max() <= len(ids)  # so that the sum can't overflow
    if (
        not few
        or sizes.sum() != len(ids)
        or not torch.equal(ids.sort().values, torch.arange(len(ids)))
    ):
        raise ValueError("lists that don't hold each item once")
    if not (centres.isfinite().all() and rows.isfinite().all()):
        raise ValueError("numbers that aren't finite")
