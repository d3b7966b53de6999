"""The recordings: checked by the git tree of their folder, read from the zip in memory, split by speaker."""

import io
import json
import stat
import zipfile

import numpy as np
import pytest
from scipy.io import wavfile
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from data_scripts import archives, spoken_digits
from data_scripts.__main__ import main
from data_scripts.identity import Member
from data_scripts.readers import ConversionError
from drcl_mini import load_dataset

TOP = "free-spoken-digit-dataset-26eb9aa/"
SPEAKERS = [name for names in spoken_digits.SPEAKERS.values() for name in names]


def recording(digit, voice, rate=8000, kind=np.int16, channels=1):
    """A third of a second of two tones that depend on digit and voice."""
    t = np.arange(2600 + 50 * voice) / 8000
    sound = np.sin(2 * np.pi * (300 + 90 * digit) * t) + 0.3 * np.sin(2 * np.pi * (900 + 40 * voice) * t)
    sound = (9000 * sound).astype(kind)
    file = io.BytesIO()
    wavfile.write(file, rate, sound if channels == 1 else np.stack([sound] * channels, axis=1))
    return file.getvalue()


@pytest.fixture(scope="module")
def content():
    wavs = {f"{d}_{name}_0.wav": recording(d, v) for v, name in enumerate(SPEAKERS) for d in range(10)}
    return {f"{TOP}readme.md": b"", **{f"{TOP}recordings/{name}": wav for name, wav in wavs.items()}}


@pytest.fixture
def archive(tmp_path, content, monkeypatch):
    """A mirror with a small archive, whose recordings are the expected ones; made again with other content."""
    path = tmp_path / "mirror" / spoken_digits.URL.removeprefix("https://")
    path.parent.mkdir(parents=True)

    def make(entries=content, compression=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(path, "w", compression) as file:
            for name, some in entries.items():
                file.writestr(name, some)
        return path

    monkeypatch.setattr(spoken_digits, "TREE", spoken_digits.recordings_id(make()))
    monkeypatch.setenv("DRCL_MINI_MIRROR", str(tmp_path / "mirror"))
    return make


@pytest.fixture
def fails(capsys):
    def check(*fragments, arguments=("spoken-digits",)):
        assert main(list(arguments)) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert error.startswith("error: spoken-digits: ")
        assert not [fragment for fragment in fragments if fragment not in error], error

    return check


def test_archives_of_the_same_recordings_are_the_same(archive, content):
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        again = {f"{TOP}other.md": b"more", **dict(reversed(content.items()))}
        assert spoken_digits.recordings_id(archive(again, compression)) == spoken_digits.TREE


def test_conversion(archive, content, data_home):
    assert main(["spoken-digits"]) == 0
    data = load_dataset("spoken-digits")
    voices = {part: len(names) for part, names in spoken_digits.SPEAKERS.items()}
    assert {part: getattr(data, part).features["audio"].shape for part in voices} == {
        part: (10 * n, 52) for part, n in voices.items()
    }
    assert data.test.labels["audio"].tolist() == list(range(10))
    played = data.items["audio"]
    assert len(played) == 10
    for digit, sound in enumerate(played):
        wav = content[f"{TOP}recordings/{digit}_{spoken_digits.SPEAKERS['test'][0]}_0.wav"]
        assert np.array_equal(sound, wavfile.read(io.BytesIO(wav))[1])
        assert sound.dtype == np.int16
        assert np.allclose(spoken_digits.statistics(sound), data.test.features["audio"][digit], atol=1e-4)
    assert np.array_equal(data.items["image"].reshape(-1, 64), data.test.features["image"])
    card = json.loads((data_home / "spoken-digits.json").read_text(encoding="utf-8"))
    assert card["licence"] == "CC BY-SA 4.0"
    assert card["sampling_rate"] == 8000
    assert card["recordings_git_tree_id"] == spoken_digits.TREE


def test_images_are_all_of_them_once_by_a_seeded_shuffle():
    from sklearn.datasets import load_digits

    parts = spoken_digits._images()
    assert [len(x) for x, _ in parts.values()] == [1078, 269, 450]
    rows = np.concatenate([np.column_stack(table) for table in parts.values()])
    digits = load_digits()
    assert sorted(map(tuple, rows)) == sorted(map(tuple, np.column_stack([digits.data, digits.target])))
    again = spoken_digits._images()
    assert all(np.array_equal(parts[part][0], again[part][0]) for part in parts)
    assert all(set(y.tolist()) == set(range(10)) for _, y in parts.values())


def test_speakers_are_in_one_part_only():
    assert len(SPEAKERS) == len(set(SPEAKERS)) == 6
    assert sorted(SPEAKERS) == SPEAKERS


def test_statistics_do_not_hear_loudness_and_survive_silence():
    sound = wavfile.read(io.BytesIO(recording(3, 1)))[1].astype(float)
    assert np.allclose(spoken_digits.statistics(sound), spoken_digits.statistics(sound / 3), atol=1e-3)
    silence = spoken_digits.statistics(np.zeros(2000))
    assert silence.shape == (52,)
    assert np.isfinite(silence).all()


@pytest.mark.parametrize("change", [{"rate": 16000}, {"kind": np.uint8}, {"channels": 2}])
def test_another_kind_of_recording_is_told(complains, change):
    with complains("x.wav", "expected 8 kHz int16 mono", error=ConversionError):
        spoken_digits.samples(Member("x.wav", False, recording(1, 1, **change)))


def test_the_archive_may_be_at_hand(archive, monkeypatch, fails, tmp_path, data_home):
    path = archive()
    monkeypatch.delenv("DRCL_MINI_MIRROR")
    assert main(["spoken-digits", "--source", str(path)]) == 0
    assert not (data_home / "downloads").exists()
    before = {file: file.read_bytes() for file in data_home.iterdir()}
    (tmp_path / "other.zip").write_bytes(b"hello")
    fails(
        "other.zip is not the expected archive", "zip", arguments=["spoken-digits", "--source", f"{tmp_path}/other.zip"]
    )
    assert {file: file.read_bytes() for file in data_home.iterdir()} == before


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


HOSTILE = {
    "leads out": ({f"{TOP}recordings/../../../evil.wav": b"x"}, "which leads out of its folder"),
    "absolute": ({"/evil.wav": b"x"}, "which leads out of its folder"),
    "link": ({link(f"{TOP}recordings/link.wav"): b"/etc/passwd"}, "a link or device"),
    "bomb": ({f"{TOP}recordings/zeros.wav": bytes(3 * 10**6)}, "more than the 1000000 that it may have"),
    "one more": ({f"{TOP}recordings/9_theo_1.wav": recording(9, 9)}, "git id"),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("by_http", [False, True])
def test_a_hostile_archive_is_refused_and_the_next_try_works(
    archive, content, fails, data_home, tmp_path, monkeypatch, serve, kind, by_http
):
    extra, words = HOSTILE[kind]
    monkeypatch.setattr(archives, "MOST_BYTES", 10**6)
    archive({**content, **extra})
    if by_http:
        serve(tmp_path / "mirror")
    outside = {path for path in tmp_path.rglob("*")}
    fails("is not the expected file", words)
    assert not [path for path in data_home.rglob("*") if path.is_file()]
    assert {path for path in tmp_path.rglob("*")} == outside
    archive()
    assert main(["spoken-digits"]) == 0


def test_without_librosa_the_command_is_named_and_nothing_is_made(archive, fails, data_home, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "librosa", None)
    fails("pip install librosa")
    assert not list(data_home.glob("*.npz"))


@pytest.mark.mirror
def test_the_real_recordings(built, monkeypatch):
    built("spoken-digits", monkeypatch)
    data = load_dataset("spoken-digits")
    rows = {"train": (1078, 2000), "validation": (269, 500), "test": (450, 500)}
    for part, (images, sounds) in rows.items():
        split = getattr(data, part)
        assert {m: x.shape for m, x in split.features.items()} == {"image": (images, 64), "audio": (sounds, 52)}
        assert np.bincount(split.labels["audio"]).tolist() == [sounds // 10] * 10
    assert len(data.items["audio"]) == 500
    assert all(1000 < len(sound) < 20_000 for sound in data.items["audio"])
    assert data.items["image"].shape == (450, 8, 8)
    scores = {}
    for modality in data.modalities:
        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        probe.fit(data.train.features[modality], data.train.labels[modality])
        scores[modality] = probe.score(data.test.features[modality], data.test.labels[modality])
    assert scores["image"] == pytest.approx(0.98, abs=0.02)
    assert scores["audio"] == pytest.approx(0.68, abs=0.04)
