"""Three-dimensional models (binary glTF): their triangles in the world's axes, then points on their surface.

Models are low-poly, some of them packed by Draco, some with a texture that holds their few colours.
"""

import io
import json
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from drcl_mini.core.checks import require

POINTS = 1024
KINDS = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Triangles(NamedTuple):
    """T triangles: corners (T, 3, 3), and the colour of each corner (T, 3, 3), 0 to 1 in sRGB."""

    corners: np.ndarray
    colours: np.ndarray


class Model:
    """One binary glTF file, read as far as still pictures of it need.

    Raises:
        ValueError: no such file.
    """

    def __init__(self, content: bytes) -> None:
        magic, version, _ = struct.unpack_from("<4sII", content)
        if magic != b"glTF" or version != 2:
            raise ValueError(f"starts with {magic!r}, version {version}, expected a binary glTF 2")
        size = struct.unpack_from("<I", content, 12)[0]
        self.json = json.loads(content[20 : 20 + size])
        self.binary = content[28 + size :]

    def view(self, index: int) -> bytes:
        """The bytes of a buffer view."""
        view = self.json["bufferViews"][index]
        start = view.get("byteOffset", 0)
        return self.binary[start : start + view["byteLength"]]

    def numbers(self, index: int) -> np.ndarray:
        """The numbers (n, width) of an accessor; normalised integers as fractions."""
        accessor = self.json["accessors"][index]
        kind, width = np.dtype(KINDS[accessor["componentType"]]), WIDTHS[accessor["type"]]
        view = self.json["bufferViews"][accessor["bufferView"]]
        stride = view.get("byteStride", kind.itemsize * width)
        content, start = self.view(accessor["bufferView"]), accessor.get("byteOffset", 0)
        shape, strides = (accessor["count"], width), (stride, kind.itemsize)
        found = np.ndarray(shape, kind.newbyteorder("<"), content, start, strides)
        return found / np.iinfo(kind).max if accessor.get("normalized") else found.astype(np.float64)

    def places(self) -> dict[int, np.ndarray]:
        """The matrix (4, 4) of every node that the scene shows, in the world."""
        found: dict[int, np.ndarray] = {}
        waiting = [(node, np.eye(4)) for node in self.json["scenes"][self.json.get("scene", 0)]["nodes"]]
        while waiting:
            node, above = waiting.pop()
            found[node] = above @ _matrix(self.json["nodes"][node])
            waiting += [(child, found[node]) for child in self.json["nodes"][node].get("children", [])]
        return dict(sorted(found.items()))


def triangles(content: bytes) -> Triangles:
    """All triangles of a model, in the pose that it is stored in."""
    model = Model(content)
    parts = list(_parts(model))
    return Triangles(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _parts(model: Model) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    places = model.places()
    for index, place in places.items():
        node = model.json["nodes"][index]
        if "mesh" not in node:
            continue
        for primitive in model.json["meshes"][node["mesh"]]["primitives"]:
            if primitive.get("mode", 4) == 4:
                faces, stored = _stored(model, primitive)
                points = np.c_[stored["POSITION"], np.ones(len(stored["POSITION"]))]
                if "skin" in node and "JOINTS_0" in stored:
                    points = _posed(model, places, node["skin"], points, stored)
                else:
                    points = points @ place.T
                yield points[faces][..., :3], _colours(model, primitive, stored)[faces]


def _stored(model: Model, primitive: dict[str, Any]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Corner numbers (T, 3) of the triangles, and what is known of each corner."""
    packed = primitive.get("extensions", {}).get("KHR_draco_mesh_compression")
    if packed:
        mesh = require("DracoPy").decode(model.view(packed["bufferView"]))
        known = {"POSITION": mesh.points, "TEXCOORD_0": mesh.tex_coord}
        return np.asarray(mesh.faces).reshape(-1, 3), {k: np.asarray(v) for k, v in known.items() if v is not None}
    known = {name: model.numbers(accessor) for name, accessor in primitive["attributes"].items()}
    corners = model.numbers(primitive["indices"]) if "indices" in primitive else np.arange(len(known["POSITION"]))
    return corners.reshape(-1, 3).astype(int), known


def _posed(
    model: Model, places: dict[int, np.ndarray], skin: int, points: np.ndarray, stored: dict[str, np.ndarray]
) -> np.ndarray:
    """Points (n, 4) moved by their bones: each by the weighted mean of its bones' matrices."""
    bones = model.json["skins"][skin]
    back = model.numbers(bones["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    moves = np.stack([places[joint] for joint in bones["joints"]]) @ back
    weights = stored["WEIGHTS_0"] / stored["WEIGHTS_0"].sum(1, keepdims=True)
    chosen = moves[stored["JOINTS_0"].astype(int)]
    return np.einsum("nk,nkij,nj->ni", weights, chosen, points)


def _colours(model: Model, primitive: dict[str, Any], stored: dict[str, np.ndarray]) -> np.ndarray:
    """The colour (n, 3) of each corner: the material's, times its texture there, times the corner's own."""
    surface = model.json.get("materials", [{}])[primitive.get("material", 0)].get("pbrMetallicRoughness", {})
    factor = np.array(surface.get("baseColorFactor", [1, 1, 1, 1])[:3], float)
    colours = np.tile(factor, (len(stored["POSITION"]), 1))
    if "COLOR_0" in stored:
        colours = colours * stored["COLOR_0"][:, :3]
    colours = np.where(colours <= 0.0031308, 12.92 * colours, 1.055 * colours.clip(1e-9) ** (1 / 2.4) - 0.055)
    if "baseColorTexture" in surface and "TEXCOORD_0" in stored:
        texture = model.json["textures"][surface["baseColorTexture"]["index"]]
        content = model.view(model.json["images"][texture["source"]]["bufferView"])
        picture = np.asarray(require("PIL.Image").open(io.BytesIO(content)).convert("RGB")) / 255
        size = np.array(picture.shape[1::-1])
        column, row = np.minimum((stored["TEXCOORD_0"] % 1 * size).astype(int), size - 1).T
        colours = colours * picture[row, column]
    return colours.clip(0, 1)


def _matrix(node: dict[str, Any]) -> np.ndarray:
    """A node's matrix (4, 4): given as such, or as scale, then rotation (a quaternion), then translation."""
    if "matrix" in node:
        return np.array(node["matrix"], float).reshape(4, 4).T
    x, y, z, w = node.get("rotation", [0, 0, 0, 1])
    turn = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(turn) * np.array(node.get("scale", [1, 1, 1]))
    matrix[:3, 3] = node.get("translation", [0, 0, 0])
    return matrix


def points(content: bytes, seed: int) -> np.ndarray:
    """A model as an int8 array (1024, 9): points spread evenly over its surface, normals, colours.

    Places lie in a cube from −127 to 127, centred, the longest side filling it; normals have length 127; red,
    green and blue go from 0 to 127. The y axis points up.
    """
    corners, colours = triangles(content)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.linalg.norm(normals, axis=1)
    generator = np.random.default_rng(seed)
    chosen = np.sort(_spread(doubled, generator))
    a, b = generator.random((2, POINTS, 1))
    a, b = np.where(a + b > 1, (1 - a, 1 - b), (a, b))
    shares = np.stack([1 - a - b, a, b], axis=1)
    places, shades = ((array[chosen] * shares).sum(1) for array in (corners, colours))
    low, high = corners.reshape(-1, 3).min(0), corners.reshape(-1, 3).max(0)
    places = (places - (low + high) / 2) / max((high - low).max(), 1e-9) * 2
    upright = normals[chosen] / doubled[chosen, None]
    return np.round(np.concatenate([places, upright, shades], axis=1) * 127).astype(np.int8)


def _spread(areas: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """1024 triangles, each as often as its share of the whole area says, up to one."""
    steps = (np.arange(POINTS) + generator.random()) / POINTS
    return np.searchsorted(np.cumsum(areas) / areas.sum(), steps).clip(max=len(areas) - 1)
