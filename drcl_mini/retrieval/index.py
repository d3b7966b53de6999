"""Approximate search of large galleries by FAISS, which looks at a part of the gallery only.

The items are split into lists around centres (k-means); a query is compared with the items of the
few lists whose centres are nearest. Within those lists the search is exact. How much that finds
depends on the data: nearly everything where items form many small groups, little where they fill
the space evenly.

FAISS is an optional extra: ``pip install 'drcl-mini[index]'``.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.checks import check_dimensions, check_integer, require
from ..core.tables import check_features
from ..core.tensorfile import load_checkpoint, save_checkpoint
from .ranking import BLOCK, in_blocks, unit_rows
from .search import Neighbours

PROBES = 12
"""Lists to search: of 1,000,000 items of 100 classes they hold nearly all neighbours."""
ARRAYS = ("centres", "rows", "ids", "sizes")


class FaissIndex:
    """Lists of unit rows, for approximate search by cosine similarity.

    Example:
        >>> gallery = torch.randn(500, 8, generator=torch.Generator().manual_seed(0))
        >>> index = FaissIndex.build(gallery)
        >>> index.search(gallery[:3], k=2).indices[:, 0].tolist()
        [0, 1, 2]
    """

    def __init__(self, centres: np.ndarray, probes: int = PROBES) -> None:
        """An empty index of lists around centres (L, D), unit rows; use :meth:`build` instead."""
        faiss = _faiss()
        lists, dim = centres.shape
        quantizer = faiss.IndexFlatIP(dim)
        quantizer.add(centres)
        self._index = faiss.IndexIVFFlat(quantizer, dim, lists, faiss.METRIC_INNER_PRODUCT)
        self.probes = probes
        """Lists that a query is compared with by default."""

    def __len__(self) -> int:
        return self._index.ntotal

    @property
    def lists(self) -> int:
        """How many lists the items are split into."""
        return self._index.nlist

    @classmethod
    def build(
        cls, gallery: Any, lists: int | None = None, probes: int = PROBES, seed: int = 0
    ) -> "FaissIndex":
        """The index of a gallery (n, D).

        Args:
            gallery: (n, D), embeddings.
            lists: how many, at most n; ``None`` for the square root of n.
            probes: lists that a query is compared with; more find more and take longer.
            seed: random seed of the k-means that places the centres.

        Raises:
            ImportError: FAISS isn't installed.
            ValueError: empty or not finite embeddings, bad numbers of lists or probes.
        """
        faiss = _faiss()
        probes = check_integer(probes, "probes")
        items = _unit_rows(gallery, "gallery")
        lists = round(len(items) ** 0.5) if lists is None else lists
        lists = check_integer(lists, "lists", most=len(items))
        # With fewer than 39 items a list, FAISS would print a warning.
        settings = {"spherical": True, "seed": seed, "niter": 10, "min_points_per_centroid": 1}
        means = faiss.Kmeans(items.shape[1], lists, **settings)
        means.train(items)
        index = cls(means.centroids, probes)
        index._index.add(items)
        return index

    def search(self, query: Any, k: int, probes: int | None = None) -> Neighbours:
        """Approximately the k nearest items of each query, best first, ties by gallery index.

        Of items that tie for the last place, others than :func:`drcl_mini.nearest_neighbours` would
        choose may come.

        Args:
            query: (m, D), embeddings.
            k: how many; at most n come back.
            probes: lists to look at, ``None`` for the index's default; with all of them the search
                is exact up to float32 rounding.

        Raises:
            ValueError: bad k or probes, empty or not finite embeddings, dimensions that differ.
        """
        k = check_integer(k, "k")
        probes = check_integer(self.probes if probes is None else probes, "probes")
        queries = _unit_rows(query, "query")
        check_dimensions(queries.shape[1], self._index.d)
        k = min(k, len(self))
        scores, indices = self._search(queries, k, probes)
        short = indices[:, -1] < 0  # the lists looked at hold fewer than k items
        if short.any():
            scores[short], indices[short] = self._search(queries[short], k, self.lists)
        order = np.lexsort((indices, -scores))
        best = [np.take_along_axis(found, order, axis=1) for found in (indices, scores)]
        return Neighbours(*best)

    def _search(self, queries: np.ndarray, k: int, probes: int) -> tuple[np.ndarray, np.ndarray]:
        parameters = _faiss().SearchParametersIVF(nprobe=min(probes, self.lists))
        return self._index.search(queries, k, params=parameters)

    def save(self, path: str | os.PathLike) -> Path:
        """Write the index to one safetensors file; whole or not at all."""
        return save_checkpoint(path, self._tensors(), {"index": {"probes": self.probes}})

    @classmethod
    def load(cls, path: str | os.PathLike) -> "FaissIndex":
        """Read what :meth:`save` wrote, and rebuild the index from its arrays.

        FAISS's own reader, which trusts what it reads, isn't used. A checksum detects damage, and
        the arrays are checked, so that a forged file is refused or at worst gives wrong neighbours.

        Raises:
            ImportError: FAISS isn't installed.
            FileNotFoundError: there is no such file.
            ValueError: it is cut off, damaged, something else, or of another version.
        """
        faiss = _faiss()
        tensors, header = load_checkpoint(path)
        if isinstance(header, dict) and "settings" in header:
            told = "is a model, no index of drcl_mini: read it with DRCL.load"
            raise ValueError(f"{os.fspath(path)!r} {told}")
        try:
            centres, rows, ids, sizes = (tensors[name] for name in ARRAYS)
            _check_lists(centres, rows, ids, sizes)
            index = cls(centres.numpy(), check_integer(header["index"]["probes"], "probes"))
        except (KeyError, TypeError, ValueError) as error:
            told = f"is damaged or no index of drcl_mini: {error}"
            raise ValueError(f"{os.fspath(path)!r} {told}") from None
        of_list = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
        pointers = [faiss.swig_ptr(tensor.numpy()) for tensor in (rows, ids, of_list)]
        index._index.add_core(len(rows), *pointers)
        return index

    def _tensors(self) -> dict[str, Tensor]:
        """Centres, sizes of lists, and list after list the items' unit rows and indices."""
        faiss, lists = _faiss(), self._index.invlists
        sizes = [lists.list_size(i) for i in range(self.lists)]
        filled = [(i, size) for i, size in enumerate(sizes) if size]
        width = self._index.code_size
        rows = [faiss.rev_swig_ptr(lists.get_codes(i), size * width) for i, size in filled]
        ids = [faiss.rev_swig_ptr(lists.get_ids(i), size) for i, size in filled]
        arrays = {
            "centres": self._index.quantizer.reconstruct_n(0, self.lists),
            "rows": np.concatenate(rows).view(np.float32).reshape(len(self), -1),
            "ids": np.concatenate(ids),
            "sizes": np.array(sizes, dtype=np.int64),
        }
        return {name: torch.from_numpy(array) for name, array in arrays.items()}


def _faiss() -> Any:
    return require("faiss", "'drcl-mini[index]'")


def _unit_rows(array: Any, name: str) -> np.ndarray:
    x = torch.from_numpy(check_features(array, name))
    unit = in_blocks(lambda part: unit_rows(x[part]).float(), len(x), BLOCK // (24 * x.shape[1]))
    return unit.numpy()


def _check_lists(centres: Tensor, rows: Tensor, ids: Tensor, sizes: Tensor) -> None:
    """That arrays from a file are those of an index."""
    arrays = (centres, rows, ids, sizes)
    kinds = [(x.dtype, x.ndim) for x in arrays]
    if kinds != [(torch.float32, 2), (torch.float32, 2), (torch.int64, 1), (torch.int64, 1)]:
        raise ValueError(f"unexpected types or dimensions: {kinds}")
    dim = rows.shape[1]
    expected = [(len(sizes), dim), (len(ids), dim)]
    if [centres.shape, rows.shape] != expected or 0 in (*centres.shape, *rows.shape):
        raise ValueError(f"shapes don't fit together: {[tuple(x.shape) for x in arrays]}")
    bounded = sizes.min() >= 0 and sizes.max() <= len(ids)  # so that the sum can't overflow
    if not bounded or sizes.sum() != len(ids):
        raise ValueError("sizes of the lists don't add up to the number of items")
    if not torch.equal(ids.sort().values, torch.arange(len(ids))):
        raise ValueError("the lists don't hold each item once")
    if not (centres.isfinite().all() and rows.isfinite().all()):
        raise ValueError("centres or rows contain NaN or infinity")
