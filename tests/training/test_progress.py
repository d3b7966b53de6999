"""A fit that is killed again and again, and goes on from its file, ends with the bits of one that never was."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from drcl_mini import DRCL
from drcl_mini.core.tensorfile import load_checkpoint
from drcl_mini.training import progress as module

KILLS = 20
SERVER = """
import os, sys, torch
torch.set_num_threads(1)
from drcl_mini import DRCL, load_dataset
data = load_dataset("digits-halves")
for line in sys.stdin:
    child = os.fork()
    if not child:
        checkpoint, out = line.rstrip().split("|")
        small = {"hidden": (32,), "dim": 32, "prior_epochs": 6, "epochs": 18, "device": "cpu", "progress": False}
        model = DRCL(patience=None, mixup=0.3, **small)
        model.fit(data.train, data.validation, checkpoint=checkpoint, every=3).save(out)
        os._exit(0)
    print(child, flush=True)
    sys.stdin.readline()  # until then its number stays its own, also when it has ended
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""Fits in a process of its own, again and again, without the time that imports take."""


class Killed(Exception):
    pass


@pytest.fixture
def killed(monkeypatch):
    """Have the fit end after a number of writes of its file."""
    save, written = module.save_checkpoint, []

    def after(writes):
        def keep(*arguments):
            save(*arguments)
            written.append(writes)
            if len(written) == writes:
                raise Killed

        written.clear()
        monkeypatch.setattr(module, "save_checkpoint", keep)
        return written

    return after


@pytest.mark.parametrize(
    "changes", [{}, {"prior": "text"}, {"keep_best_prior": False, "monitor": None}, {"mixup": 0.3}]
)
@pytest.mark.parametrize("every", [1, 2])
def test_going_on_gives_the_same_bits(tiny, train, validation, state, same, killed, tmp_path, changes, every):
    whole = DRCL(**tiny, **changes).fit(train, validation)
    path = tmp_path / "fit.safetensors"
    for _ in range(40):
        written = killed(2)
        model = DRCL(**tiny, **changes)
        try:
            model.fit(train, validation, checkpoint=path, every=every)
        except Killed:
            continue
        break
    assert len(written) < 2
    assert same(state(model), state(whole))
    assert model.history_ == whole.history_
    assert (model.quality_scores_, model.partial_) == (whole.quality_scores_, [])


def test_a_file_that_does_not_fit_leaves_the_model_as_it_was(tiny, train, validation, state, same, tmp_path):
    path = tmp_path / "fit.safetensors"
    model = DRCL(**tiny).fit(train, validation, checkpoint=path)
    before, history = state(model), model.history_
    tensors, header = load_checkpoint(path, module.FORMAT)
    last = list(header["phases"])[-1]  # found out after all other phases were brought back
    del header["phases"][last]["records"][0]["q"]
    module.save_checkpoint(path, tensors, header, module.FORMAT)
    with pytest.raises(ValueError, match="holds no progress of this fit"):
        model.fit(train, validation, checkpoint=path)
    assert same(state(model), before)
    assert (model.history_, model.interrupted_) == (history, False)


def test_a_fit_that_was_done_is_not_done_again(tiny, train, validation, state, same, killed, tmp_path):
    path = tmp_path / "fit.safetensors"
    first = DRCL(**tiny).fit(train, validation, checkpoint=path)
    written, before = killed(99), path.read_bytes()
    again = DRCL(**tiny).fit(train, validation, checkpoint=path)
    assert written == []
    assert path.read_bytes() == before
    assert same(state(again), state(first))
    assert again.history_ == first.history_


@pytest.fixture
def server():
    """A function that begins a fit; gives its process's number. The status of its end is read from ``stdout``."""
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdin=-1, stdout=-1, text=True)

    def begin(checkpoint, out):
        process.stdin.write(f"{checkpoint}|{out}\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    def status():
        process.stdin.write("\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    yield begin, status
    process.stdin.close()
    process.wait(600)


def test_killed_at_random_moments(server, tmp_path, chance, record_property):
    record_property("kills", KILLS)
    (begin, status), path = server, tmp_path / "fit.safetensors"
    calm, ended = tmp_path / "calm.safetensors", tmp_path / "ended.safetensors"
    start = time.monotonic()
    begin(tmp_path / "other.safetensors", calm)
    assert status() == 0
    seconds, kills = time.monotonic() - start, 0
    while kills < KILLS:
        fit = begin(path, ended)
        time.sleep(chance.uniform(0, seconds / 4))
        os.kill(fit, signal.SIGKILL)
        if status() == 0:  # it was done before: begin anew
            path.unlink()
            continue
        kills += 1
        if path.exists():
            load_checkpoint(path, module.FORMAT)  # whole, at every moment
    begin(path, ended)
    assert status() == 0
    (tensors, header), (expected, calm_header) = load_checkpoint(ended), load_checkpoint(calm)
    assert header == calm_header
    assert tensors.keys() == expected.keys()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in tensors.items())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"epochs": 9}, "epochs was 4, is 9"),
        ({"seed": 5}, "seed was 0, is 5"),
        ({"class_weight": "balanced"}, "class_weight was not there, is balanced"),
        ({}, "data (digest) was"),
    ],
)
def test_another_fits_file_is_refused(tiny, train, validation, make_split, complains, tmp_path, changes, told):
    path = tmp_path / "fit.safetensors"
    DRCL(**tiny).fit(train, validation, checkpoint=path)
    before = path.read_bytes()
    data = train if changes else make_split(seed=3)
    with complains(str(path), told, "use another file, or delete it"):
        DRCL(**tiny | changes).fit(data, validation, checkpoint=path)
    assert path.read_bytes() == before


def test_a_given_prior_is_part_of_it(tiny, train, complains, tmp_path):
    path = tmp_path / "fit.safetensors"
    DRCL(**tiny).fit(train, prior=np.eye(6, 3), checkpoint=path)
    with complains("prior (digest) was"):
        DRCL(**tiny).fit(train, prior=2 * np.eye(6, 3), checkpoint=path)


def test_a_damaged_or_foreign_file_is_refused(tiny, train, fitted, complains, tmp_path):
    path = fitted.save(tmp_path / "model.safetensors")
    with complains(str(path), "no drcl_mini progress"):
        DRCL(**tiny).fit(train, checkpoint=path)
    path = tmp_path / "fit.safetensors"
    DRCL(**tiny).fit(train, checkpoint=path)
    path.write_bytes(path.read_bytes()[:-9])
    with complains(str(path), "cut off"):
        DRCL(**tiny).fit(train, checkpoint=path)


def test_a_folder_is_no_progress(tiny, train, complains, tmp_path):
    with complains(str(tmp_path), "it is a folder"):
        DRCL(**tiny).fit(train, checkpoint=tmp_path)


def test_progress_is_no_model(tiny, train, complains, tmp_path):
    path = tmp_path / "fit.safetensors"
    DRCL(**tiny).fit(train, checkpoint=path)
    assert all(np.isfinite(t.numpy()).all() for t in load_file(path).values())
    with complains(str(path), "no checkpoint of drcl_mini"):
        DRCL.load(path)


@pytest.mark.parametrize("every", [0, True, 1.5])
def test_every_counts_epochs(tiny, train, complains, tmp_path, every):
    with complains("every", repr(every), "at least 1"):
        DRCL(**tiny).fit(train, checkpoint=tmp_path / "fit", every=every)
    assert not list(tmp_path.iterdir())


def test_the_same_prior_in_another_form_goes_on_from_the_same_file(tiny, train, killed, complains, tmp_path):
    path, w = tmp_path / "fit.safetensors", np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    DRCL(**tiny).fit(train, prior=w, checkpoint=path)
    written = killed(99)
    forms = [w.astype(float), w.tolist(), pd.DataFrame(w), torch.tensor(w, requires_grad=True), w.astype(np.longdouble)]
    for form in forms:
        DRCL(**tiny).fit(train, prior=form, checkpoint=path)
    assert written == []
    with complains("prior (digest) was"):
        DRCL(**tiny).fit(train, prior=w + 1, checkpoint=path)
    coarse = torch.tensor(w).bfloat16()
    DRCL(**tiny).fit(train, prior=coarse, checkpoint=tmp_path / "coarse.safetensors", every=np.int64(2))
