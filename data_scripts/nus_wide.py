"""NUS-WIDE, the 71,602 pairs of its ten largest classes: VGG images (4096) and doc2vec texts (300).

The features are passed on as ``nus_wide_deep_doc2vec-corr-ae.h5py``; the authors of DRCL name a place.
``nus_wide_deep_doc2vec_data_42941.h5py``, of github.com/penghu-cs/MRL, is taken as well: it has no validation
part, so the first 5000 test rows are that, as is customary.
"""

from pathlib import Path

from .about import About
from .convert import finish, handed_out
from .readers import ConversionError, hdf5_names
from .tables import Table, cut, read_tables

ROWS = {"train": 42_941, "validation": 5_000, "test": 23_661}

ABOUT = About(
    name="nus-wide",
    features={"image": ("VGG", 4096), "text": ("doc2vec", 300)},
    classes=10,
    split="42941 / 5000 / 23661",
    licence="for research",
    origin="National University of Singapore, nus_wide_deep_doc2vec-corr-ae.h5py",
    citation="T.-S. Chua et al., NUS-WIDE: a real-world web image database from National University of Singapore, "
    "ACM CIVR, 2009",
    file="nus_wide_deep_doc2vec-corr-ae.h5py",
    ask="github.com/QinYang79/DRCL",
    notes={
        "images": "lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide/NUS-WIDE.html",
        "paired": "rows of image and text with the same index belong together",
    },
)


def build(source: Path | None = None) -> Path:
    """Check and convert the file that was handed out; returns the .npz."""
    path = handed_out(ABOUT, source)
    names = hdf5_names(path)

    def read(name: str, rows: int | None) -> dict[str, Table]:
        labels = f"{name}_imgs_labels"
        texts = f"{name}_text" if f"{name}_text" in names else f"{name}_texts"
        return read_tables(path, {"image": (f"{name}_imgs_deep", labels, rows), "text": (texts, labels, rows)})

    train = read("train", ROWS["train"])
    if any(name.startswith("valid_") for name in names):
        parts = {"validation": read("valid", ROWS["validation"]), "test": read("test", ROWS["test"])}
    else:
        parts = without_validation(read("test", None), path)
    return finish(ABOUT, {"train": train, **parts}, [path])


def without_validation(rest: dict[str, Table], path: Path) -> dict[str, dict[str, Table]]:
    """Validation and test of a file that has one part for both, or test alone."""
    rows = {len(table[0]) for table in rest.values()}
    first, test = ROWS["validation"], ROWS["test"]
    if rows == {test}:
        return {"test": rest}
    if rows != {first + test}:
        expected = f"expected {first + test}, the first {first} for validation, or {test} without any"
        raise ConversionError(f"{path.name}: the test part has {max(rows)} rows, {expected}")
    return {
        "validation": {name: cut(table, slice(first)) for name, table in rest.items()},
        "test": {name: cut(table, slice(first, None)) for name, table in rest.items()},
    }
