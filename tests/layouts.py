"""Small files in the very layouts of the published ones: the same names, fewer rows and columns."""

import h5py
import numpy as np
from scipy.io import savemat

from data_scripts import inria_websearch, nus_wide, pascal_sentence, wikipedia, xmedia, xmedianet
from data_scripts.identity import file_id


def as_mat5(path, variables):
    cells = {}
    for name, value in variables.items():
        if isinstance(value, list):
            cells[name] = np.empty((1, len(value)), dtype=object)
            cells[name][0, :] = value
    savemat(path, {**variables, **cells}, do_compression=True)


def as_mat73(path, variables):
    """HDF5 as MATLAB writes it: 512 bytes in front, arrays transposed, cell arrays as references."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            if isinstance(value, list):
                parts = [_dataset(file, f"#refs#/{name}{i}", part) for i, part in enumerate(value)]
                file.create_dataset(name, data=[[part.ref] for part in parts], dtype=h5py.ref_dtype)
                file[name].attrs["MATLAB_class"] = np.bytes_("cell")
            else:
                _dataset(file, name, value)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64, HDF5 schema 1.00 .".ljust(116) + bytes(8) + b"\0\2IM")


def _dataset(file, name, value):
    made = file.create_dataset(name, data=value.T, compression="gzip")
    made.attrs["MATLAB_class"] = np.bytes_({"f8": "double", "f4": "single"}.get(value.dtype.str[1:], value.dtype.name))
    return made


def as_hdf5(path, variables):
    with h5py.File(path, "w") as file:
        for name, value in variables.items():
            file[name] = value


WRITERS = {"v5": as_mat5, "v7.3": as_mat73, "hdf5": as_hdf5}


class Layout:
    """Variables of one published file in small, and what they become: part → modality → (features, labels)."""

    def __init__(self, module, forms, start=1):
        self.module, self.forms, self.start = module, forms, start
        self.source = np.random.default_rng(0)
        self.variables = {}
        self.expected = {part: {} for part in ("train", "validation", "test")}

    def features(self, rows, columns):
        return self.source.normal(size=(rows, columns)).astype(np.float32)

    def labels(self, rows, dtype=np.float64):
        return (np.arange(rows) % self.module.ABOUT.classes + self.start).astype(dtype)[:, None]

    def expect(self, part, modality, features, labels):
        self.expected[part][modality] = (features, labels.ravel().astype(int) - self.start)


def small_xmedia(patch):
    layout = Layout(xmedia, ["v5", "v7.3"])
    sizes = {"image": (40, 20), "text": (40, 20), "audio": (21, 5), "3d": (22, 3), "video": (23, 4)}
    patch.setattr(xmedia, "TRAIN", {m: n if m != "video" else None for m, (n, _) in sizes.items()})
    patch.setattr(xmedia, "TEST", {m: n for m, (_, n) in sizes.items()})
    names = {
        "image": ("I_tr_CNN", "I_te_CNN", "trImgCat", "teImgCat"),
        "text": ("T_tr_BOW", "T_te_BOW", "trTxtCat", "teTxtCat"),
        "audio": ("A_tr", "A_te", "trAudCat", "teAudCat"),
        "3d": ("d3_tr", "d3_te", "tr3dCat", "te3dCat"),
        "video": ("V_tr_CNN", "V_te_CNN", "trVidCat", "teVidCat"),
    }
    for d, (modality, (train, half)) in enumerate(sizes.items(), start=4):
        x, y = layout.features(train + 2 * half, d), layout.labels(train + 2 * half)
        values = (x[:train], x[train:], y[:train], y[train:])
        layout.variables |= dict(zip(names[modality], values, strict=True))
        layout.expect("train", modality, x[:train], y[:train])
        layout.expect("test", modality, x[train : train + half], y[train : train + half])
        layout.expect("validation", modality, x[train + half :], y[train + half :])
    return layout


def small_xmedianet(patch):
    layout = Layout(xmedianet, ["v5", "v7.3"], start=0)
    sizes = {"train": ("train", 200), "valid": ("validation", 30), "test": ("test", 25)}
    patch.setattr(xmedianet, "ROWS", {part: rows for part, rows in sizes.values()})
    for name, (part, rows) in sizes.items():
        shapes = {"image": (rows, 9), "text": (rows, 4), "video": (rows - 5, 8), "audio": (rows - 5, 3)}
        shapes["3d"] = (rows - 10, 6)
        x, y = (
            {m: make(shape) for m, shape in shapes.items()} for make in (lambda s: layout.features(*s), _row(layout))
        )
        layout.variables |= {name: list(x.values()), f"{name}_labels": list(y.values())}
        for modality in shapes:
            layout.expect(part, modality, x[modality], y[modality])
    return layout


def _row(layout):
    return lambda shape: layout.labels(shape[0], np.int64).T


def _pairs(layout, rows, names, columns=(7, 3), dtype=np.int16):
    for (part, n), (image, text, labels) in zip(rows.items(), names, strict=True):
        x, z, y = layout.features(n, columns[0]), layout.features(n, columns[1]), layout.labels(n, dtype)
        layout.variables |= {image: x, text: z, labels: y}
        layout.expect(part, "image", x, y)
        layout.expect(part, "text", z, y)
    return layout


def small_nus_wide(patch):
    rows = {"train": 31, "validation": 12, "test": 11}
    patch.setattr(nus_wide, "ROWS", rows)
    names = [(f"{p}_imgs_deep", f"{p}_texts", f"{p}_imgs_labels") for p in ("train", "valid", "test")]
    return _pairs(Layout(nus_wide, ["hdf5"]), rows, names)


def small_inria_websearch(patch):
    rows = {"train": 110, "validation": 12, "test": 11}
    patch.setattr(inria_websearch, "ROWS", rows)
    names = [(f"{p}_img", f"{p}_txt", f"{p}_img_lab") for p in ("tr", "val", "te")]
    return _pairs(Layout(inria_websearch, ["v5", "v7.3"], start=0), rows, names, dtype=np.uint8)


def small_wikipedia(patch):
    patch.setattr(wikipedia, "TRAIN", 40)
    patch.setattr(wikipedia, "VALIDATION", 11)
    patch.setattr(wikipedia, "TEST", 13)
    layout = Layout(wikipedia, ["v5", "hdf5"])
    names = [(f"{p}_imgs_deep", f"{p}_texts_doc", f"{p}_imgs_labels") for p in ("train", "test")]
    _pairs(layout, {"train": 40, "test": 24}, names)
    for modality, (x, y) in layout.expected["test"].items():
        layout.expected["validation"][modality] = (x[:11], y[:11])
        layout.expected["test"][modality] = (x[11:], y[11:])
    layout.hdf5 = {name.replace("texts_doc", "text"): value for name, value in layout.variables.items()}
    return layout


def small_pascal_sentence(patch):
    rows = {"train": 40, "test": 21}
    patch.setattr(pascal_sentence, "ROWS", rows)
    names = [(f"{p}_img", f"{p}_txt", f"{p}_img_lab") for p in ("train", "test")]
    return _pairs(Layout(pascal_sentence, ["v5"], start=0), rows, names, dtype=np.uint8)


SMALL = {
    "xmedia": small_xmedia,
    "xmedianet": small_xmedianet,
    "nus-wide": small_nus_wide,
    "inria-websearch": small_inria_websearch,
    "wikipedia": small_wikipedia,
    "pascal-sentence": small_pascal_sentence,
}


def small_mirror(name, folder, patch):
    """A mirror with small files of wikipedia or pascal-sentence; their ids are the expected ones."""
    layout = SMALL[name](patch)
    base = wikipedia.URL if name == "wikipedia" else pascal_sentence.BASE
    place = folder / base.removeprefix("https://")
    if name == "wikipedia":
        place.parent.mkdir(parents=True)
        as_mat5(place, layout.variables)
        other = place.with_name("other.h5py")
        as_hdf5(other, layout.hdf5)
        patch.setattr(wikipedia, "MAT", file_id(place))
        patch.setattr(wikipedia, "HDF5", file_id(other))
        patch.setattr(wikipedia, "TEXTS", {file_id(place): "texts_doc", file_id(other): "text"})
    else:
        place.mkdir(parents=True)
        for variable, value in layout.variables.items():
            as_mat5(place / f"{variable}.mat", {variable: value})
        blobs = {path: file_id(place / path) for path in pascal_sentence.BLOBS}
        patch.setattr(pascal_sentence, "BLOBS", blobs)
    patch.setenv("DRCL_MINI_MIRROR", str(folder))
    return layout, place
