"""Small data and models that the tests share, and how they compare things."""

import functools
import http.server
import os
import random
import shutil
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from servers import serving

from drcl_mini import DRCL, Split

SIZES = {"image": (24, 7), "text": (20, 5)}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]

if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers that fill one numba cache (librosa, umap-learn) at once can crash: each has its own, kept for next time.
    os.environ["NUMBA_CACHE_DIR"] = str(Path(sys.prefix, "numba", os.environ["PYTEST_XDIST_WORKER"]))
# PyTorch's compiler keeps what it compiled under names that don't tell kernels apart; these caches do.
os.environ.setdefault(
    "TORCHINDUCTOR_CACHE_DIR",
    str(Path(sys.prefix, "inductor", torch.backends.cpu.get_cpu_capability().replace(" ", "-"))),
)
# One thread unless more are asked for: on a busy machine, threads that wait for each other make tiny models 25 times
# slower. `make portable` asks for two.
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def pytest_runtest_setup(item):
    if item.get_closest_marker("mirror") and not os.environ.get("DRCL_MINI_MIRROR"):
        pytest.skip("needs real data: DRCL_MINI_MIRROR names no folder or address with a copy")


@pytest.fixture(autouse=True)
def data_home(tmp_path_factory, monkeypatch):
    """A data folder of its own for every test, not made yet: nobody's cache is read or written."""
    folder = tmp_path_factory.mktemp("home") / "data"
    monkeypatch.setenv("DRCL_MINI_DATA", str(folder))
    return folder


@pytest.fixture
def chance():
    """Random numbers, others each time; a failure shows the seed among what was printed."""
    seed = time.time_ns()
    print(f"chance: random.Random({seed})")
    return random.Random(seed)


@pytest.fixture(params=["cpu", "cuda"])
def device(request):
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    return request.param


@pytest.fixture
def warn_always():
    """Have torch repeat the warnings that it gives once a process."""
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(False)


@pytest.fixture
def tiny():
    """Settings of a model that trains in a blink."""
    return {
        "hidden": (8,),
        "dim": 6,
        "batch_size": 16,
        "prior_epochs": 3,
        "prior_learning_rate": 0.01,
        "q_rate": 0.01,
        "epochs": 4,
        "learning_rate": 0.01,
        "device": "cpu",
        "progress": False,
    }


def blobs(sizes=SIZES, classes=3, seed=0, spread=0.5, multi_hot=False):
    """A split of one Gaussian blob per class and modality; another seed draws other samples of the same blobs."""
    source, features, labels = np.random.default_rng(seed), {}, {}
    for name, (n, d) in sizes.items():
        centres = np.random.default_rng(len(name)).normal(size=(classes, d))
        y = source.permutation(np.arange(n) % classes)
        features[name] = centres[y] + spread * source.normal(size=(n, d))
        labels[name] = np.eye(classes, dtype=int)[y]
        if multi_hot:
            labels[name] |= np.eye(classes, dtype=int)[(y + (np.arange(n) % 2)) % classes]
        else:
            labels[name] = y
    return Split(features, labels)


@pytest.fixture
def make_split():
    return blobs


@pytest.fixture
def train():
    return blobs()


@pytest.fixture
def validation():
    return blobs(seed=1)


@pytest.fixture
def fitted(tiny, train, validation):
    return DRCL(**tiny).fit(train, validation)


@pytest.fixture
def state():
    """Every number of a model, copied, by name."""

    def copy(model):
        parts = {"prior": model.prior_.clone()}
        parts |= {f"priors/{name}": prior.clone() for name, prior in model.priors_.items()}
        for name, encoder in model.encoders_.items():
            parts |= {f"{name}/{key}": value.clone() for key, value in encoder.state_dict().items()}
        return parts

    return copy


@pytest.fixture
def same():
    """Whether two dictionaries hold the same keys and, bit for bit, the same arrays."""

    def equal(a, b):
        return a.keys() == b.keys() and all(np.array_equal(np.asarray(a[k]), np.asarray(b[k])) for k in a)

    return equal


@pytest.fixture
def complains():
    """The block must end in an error whose one line holds every fragment."""

    @contextmanager
    def check(*fragments, error=ValueError):
        with pytest.raises(error) as caught:
            yield
        message = str(caught.value)
        assert "\n" not in message
        assert not [fragment for fragment in fragments if fragment not in message], message

    return check


@pytest.fixture
def rank_order():
    """Slow and obvious: gallery indices by descending cosine in float64, ties by index; one list a query."""

    def order(query, gallery):
        def cosines(q):
            norms = (sum(x * x for x in q) * sum(x * x for x in g) for g in gallery)
            return [sum(x * y for x, y in zip(q, g, strict=True)) / n**0.5 for g, n in zip(gallery, norms, strict=True)]

        query, gallery = np.asarray(query, dtype=float).tolist(), np.asarray(gallery, dtype=float).tolist()
        scored = [cosines(q) for q in query]
        return [sorted(range(len(gallery)), key=lambda j, s=s: (-s[j], j)) for s in scored], scored

    return order


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Run ``python -m data_scripts NAME`` on the mirror, once for each name, in a data folder that stays."""
    from data_scripts.__main__ import main

    folder = tmp_path_factory.mktemp("built")
    done = set()

    def build(name, monkeypatch):
        monkeypatch.setenv("DRCL_MINI_DATA", str(folder))
        if name not in done:
            assert main([name]) == 0
            done.add(name)
        return folder

    return build


@pytest.fixture
def serve(monkeypatch):
    """Have DRCL_MINI_MIRROR name a folder by http on this machine; gives the paths that were asked for."""

    def start(folder):
        asked = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                asked.append(self.path)

        address = servers.enter_context(serving(functools.partial(Handler, directory=folder)))
        monkeypatch.setenv("DRCL_MINI_MIRROR", f"{address}/")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        return asked

    with ExitStack() as servers:
        yield start


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; tests that need one skip where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
