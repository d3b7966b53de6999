import io

import numpy as np
import pytest
import soundfile
from PIL import Image

from drcl_mini.data import media
from drcl_mini.embed import reading
from drcl_mini.embed.reading import digest, read_item
from drcl_mini.embed.row import Row, kind_of


def row(path, text=""):
    kind = kind_of(path) if path else "text"
    return Row(kind, kind, path, text, "a", "", "", "", "the item")


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "gif", "bmp"])
def test_a_picture_and_its_thumbnail(tmp_path, ending):
    Image.new("RGB", (300, 150), (200, 10, 10)).save(tmp_path / f"a.{ending}")
    given, kept = read_item(row(tmp_path / f"a.{ending}"))
    assert (given.mode, given.size) == ("RGB", (300, 150))
    assert media.mime(kept) == "image/webp"
    shown = media.picture(kept)
    assert shown.shape == (48, 96, 3)
    assert abs(shown.mean(axis=(0, 1)) - [200, 10, 10]).max() < 8


def test_transparency_is_white_and_large_pictures_shrink(tmp_path):
    Image.new("RGBA", (1600, 800), (0, 0, 0, 0)).save(tmp_path / "a.png")
    given, kept = read_item(row(tmp_path / "a.png"))
    assert given.size == (1024, 512)
    assert given.getpixel((5, 5)) == (255, 255, 255)
    assert media.picture(kept).min() == 255


def test_a_photo_stands_as_its_camera_was_held(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90°
    Image.new("RGB", (60, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert read_item(row(tmp_path / "a.jpg")).given.size == (20, 60)


def test_a_text_of_the_table_or_of_a_file(tmp_path):
    (tmp_path / "a.txt").write_text("\ufeffone\n\n two " + 1000 * "x", encoding="utf-8")
    given, kept = read_item(row(tmp_path / "a.txt"))
    assert given == "one two " + 1000 * "x"
    assert kept == given[: reading.KEPT_LETTERS]
    assert read_item(row(None, "a  word")).kept == "a word"


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_a_sound_and_its_beginning(tmp_path, ending):
    wave = 0.5 * np.sin(np.arange(8 * 22050) * 440 * 2 * np.pi / 22050)
    soundfile.write(tmp_path / f"a.{ending}", np.stack([wave, wave], axis=1), 22050)
    (samples, rate), kept = read_item(row(tmp_path / f"a.{ending}"))
    assert rate == 22050
    assert abs(len(samples) - len(wave)) < 3000
    assert (samples.dtype, samples.ndim) == (np.float32, 1)
    short, kept_rate = media.sound(kept)
    assert (kept_rate, len(short)) == (16000, 5 * 16000)
    peak = np.abs(np.fft.rfft(short)).argmax() / 5
    assert peak == pytest.approx(440, abs=1)


def test_items_of_the_same_file_are_the_same_bytes(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.linspace(-1, 1, 4000), 8000)
    first, second = (read_item(row(tmp_path / "a.wav")).kept for _ in range(2))
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize(
    ("name", "content", "fragment"),
    [
        ("a.png", b"\x89PNG nonsense", "can't be read as a picture: cannot identify image file 'the item'"),
        ("a.jpg", b"", "can't be read as a picture"),
        ("a.txt", b" \n ", "can't be read as a text: the text is empty"),
        ("a.txt", b"\xff\xfe\x00", "can't be read as a text: 'utf-8' codec"),
        ("a.wav", b"RIFF", "can't be read as a sound"),
    ],
)
def test_a_broken_file_is_told_in_one_line(tmp_path, complains, name, content, fragment):
    (tmp_path / name).write_bytes(content)
    with complains(fragment):
        read_item(row(tmp_path / name))


def test_a_cut_off_picture(tmp_path, complains):
    opened = io.BytesIO()
    Image.effect_noise((99, 99), 50).save(opened, "PNG")
    (tmp_path / "a.png").write_bytes(opened.getvalue()[:3000])
    with complains("can't be read as a picture", "truncated"):
        read_item(row(tmp_path / "a.png"))


def test_sixteen_bits_of_grey(tmp_path):
    levels = np.linspace(1000, 40_000, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(levels).save(tmp_path / "a.png")
    given, kept = read_item(row(tmp_path / "a.png"))
    expected = np.linspace(0, 255, 64 * 64).reshape(64, 64)
    assert np.abs(np.asarray(given.convert("L")) - expected).max() <= 1
    assert np.abs(media.picture(kept)[:, :, 0] - expected).mean() < 3


def test_a_large_picture_is_read_in_silence(tmp_path, monkeypatch, recwarn):
    Image.new("L", (90, 90)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5000)
    assert read_item(row(tmp_path / "a.png")).given.size == (90, 90)
    assert len(recwarn) == 0


def test_a_digest_is_of_the_whole_text_or_file(tmp_path):
    (tmp_path / "a.txt").write_text("word " * 500 + "one")
    (tmp_path / "b.txt").write_text("word " * 500 + "two")
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    found = [digest(row(path)) for path in paths] + [digest(row(None, text)) for text in ("a", "b")]
    assert len(set(found)) == 4
    assert [digest(row(path)) for path in paths] == found[:2]
    assert all(-(2**63) <= one < 2**63 for one in found)
