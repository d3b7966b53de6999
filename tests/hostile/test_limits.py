"""A full disk, a read-only folder, no descriptors left, no memory: one clear line, and what was there is kept."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import drcl_mini.method.estimator
import drcl_mini.retrieval.search
from drcl_mini import DRCL, MultimodalDataset, evaluate, nearest_neighbours
from drcl_mini.experiments.plan.grid import Task
from drcl_mini.experiments.store.results import read_results, records_of
from drcl_mini.experiments.store.writing import ResultsFile
from drcl_mini.retrieval.index import FaissIndex
from drcl_mini.training import progress as progress_module
from drcl_mini.training.rows import embed

resource = pytest.importorskip("resource")


@contextlib.contextmanager
def limit(kind, value):
    """A limit of this process within the block; root has it, too, where permissions don't bind."""
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


@contextlib.contextmanager
def no_descriptors():
    """Nothing can be opened within the block."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(limit(resource.RLIMIT_NOFILE, 256))
        with contextlib.suppress(OSError):
            while True:
                stack.enter_context(open("/dev/null"))
        yield


def everything(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def append(path, length=3000):
    with ResultsFile(path) as file:
        file.append(records_of(Task("some", "SM", "SM", {}, (0,)), [{"error": "x" * length}]))


@pytest.fixture
def files(fitted, train, tmp_path):
    """What can be written and read, by name, with the file of each."""
    pytest.importorskip("faiss")
    data = MultimodalDataset(train, None, train, "some", tuple("abc"))
    index = FaissIndex.build(train.features["image"])
    uses = {
        "model": (fitted.save, lambda path: DRCL.load(path, "cpu")),
        "data set": (data.to_npz, MultimodalDataset.from_npz),
        "index": (index.save, FaissIndex.load),
        "results": (append, read_results),
    }
    for name, (write, _) in uses.items():
        write(tmp_path / name)
    return uses


def test_a_full_disk(files, tmp_path):
    before = everything(tmp_path)
    for name, (write, _) in files.items():
        with pytest.raises(OSError, match=r"(?i)too large|disk full") as caught, limit(resource.RLIMIT_FSIZE, 1000):
            write(tmp_path / name)
        assert name in str(caught.value)
    assert everything(tmp_path) == before


@pytest.fixture
def read_only():
    """Have a folder read-only for a program; gives the words to put in front of it."""
    made = []

    def make(folder):
        if os.geteuid():
            folder.chmod(0o555)
            made.append(folder)
            return []
        mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'  # root may write, but not there
        words = ["unshare", "--mount", "sh", "-c", mount, str(folder)]
        try:
            subprocess.run([*words, "true"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"root can't mount a read-only folder here: {error}")
        return words

    yield make
    for folder in made:
        folder.chmod(0o755)


USES = """
import sys
from pathlib import Path
from drcl_mini.app.cli import main
from drcl_mini.experiments.store.writing import ResultsFile
from drcl_mini.core.files import check_writable, replacing
folder = Path(sys.argv[1])
for use in (replacing(folder / "note.txt").__enter__, lambda: check_writable(folder)):
    try:
        use()
    except OSError as error:
        print(error, file=sys.stderr)
main(["run", "digits-halves", "--out", str(folder)])
main(["probe", "digits-halves", "--out", str(folder / "probe.json")])
main(["bench", "--datasets", "digits-halves", "--methods", "SM", "--out", str(folder)])
"""


def test_a_read_only_folder(read_only, tmp_path):
    """Told at once, by the name that was given, and what is there stays."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "note.txt").write_text("old")
    program = [*read_only(folder), sys.executable, "-c", USES, str(folder)]
    done = subprocess.run(program, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    names = [folder / "note.txt", *[folder] * 4]
    assert [line.rpartition(": ")[2] for line in done.stderr.splitlines()] == [repr(str(name)) for name in names]
    assert all("Read-only" in line or "denied" in line for line in done.stderr.splitlines())
    assert everything(folder) == {"note.txt": b"old"}


def test_no_descriptors_left(files, tmp_path):
    before = everything(tmp_path)
    for name, (write, read) in files.items():
        for use in (write, read):
            with pytest.raises(OSError, match="Too many open files") as caught, no_descriptors():
                use(tmp_path / name)
            assert name in str(caught.value)
        read(tmp_path / name)
    assert everything(tmp_path) == before


def test_a_fit_whose_disk_fills_up_goes_on_when_there_is_room(tiny, train, state, same, tmp_path, monkeypatch):
    path, write, written = tmp_path / "fit.safetensors", progress_module.save_checkpoint, []

    def full_after_five(*arguments):
        written.append(None)
        with limit(resource.RLIMIT_FSIZE, 1000) if len(written) == 6 else contextlib.nullcontext():
            write(*arguments)

    monkeypatch.setattr(progress_module, "save_checkpoint", full_after_five)
    with pytest.raises(OSError, match=r"(?i)fit\.safetensors.*too large"):
        DRCL(**tiny).fit(train, checkpoint=path, every=1)
    assert [file.name for file in tmp_path.iterdir()] == ["fit.safetensors"]
    assert same(state(DRCL(**tiny).fit(train, checkpoint=path, every=1)), state(DRCL(**tiny).fit(train)))


def test_a_folder_for_progress_is_tried_before_training(tiny, train, tmp_path, monkeypatch):
    monkeypatch.setattr(drcl_mini.method.estimator, "learn_prior", lambda *_, **__: pytest.fail("training had begun"))
    with pytest.raises(OSError, match=str(tmp_path)), limit(resource.RLIMIT_FSIZE, 100):
        DRCL(**tiny).fit(train, checkpoint=tmp_path / "fit")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_on_the_command_line(tmp_path):
    arguments = ["run", "digits-halves", "--device", "cpu", "--out", str(tmp_path / "out")]
    arguments += ["--set", "hidden=[8]", "--set", "epochs=1", "--set", "prior_epochs=1"]
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
    code += "from drcl_mini.app.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1
    assert "too large" in done.stderr
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def out_of_memory(*_, **__):
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def test_encoding_falls_back_to_smaller_pieces(fitted, train, monkeypatch):
    encoder, x, seen = fitted.encoders_["image"], torch.from_numpy(train.features["image"]), []
    expected, forward = embed(encoder, x), type(encoder).forward

    def scarce(self, part):
        seen.append(len(part))
        return forward(self, part) if len(part) <= 7 else out_of_memory()

    monkeypatch.setattr(type(encoder), "forward", scarce)
    assert torch.allclose(embed(encoder, x), expected, atol=1e-6)
    assert seen == [24, 12, 6, 6, 6, 6]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: not enough")])
def test_what_must_be_on_the_device_as_a_whole_says_what_to_do(fitted, tiny, train, monkeypatch, complains, error):
    rows, to = fitted.transform(train), torch.Tensor.to

    def scarce(tensor, *arguments, **named):
        if arguments and arguments[0] == torch.device("cpu"):
            raise error
        return to(tensor, *arguments, **named)

    monkeypatch.setattr(torch.Tensor, "to", scarce)
    for use, what in (
        (lambda: DRCL(**tiny).fit(train), "the data"),
        (lambda: evaluate(rows, train), "embeddings of 'image'"),
        (lambda: nearest_neighbours(rows["image"], rows["text"], 2, torch.device("cpu")), "the gallery"),
    ):
        with complains("out of memory on cpu", what, "give less", error=RuntimeError):
            use()


def test_another_error_of_the_device_stays_as_it_is(train, fitted, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("device-side assert triggered")

    monkeypatch.setattr(torch.Tensor, "to", broken)
    with pytest.raises(RuntimeError, match="device-side assert"):
        evaluate({name: np.ones((len(x), 2)) for name, x in train.features.items()}, train)
