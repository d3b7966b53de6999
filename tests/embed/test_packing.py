import numpy as np

from drcl_mini.data import media
from drcl_mini.embed.packing import eight_bits, encoded


def test_eight_bits_keep_directions():
    table = np.random.default_rng(0).normal(size=(5, 64)) * [[1e-6], [1], [1e6], [3], [0]]
    rows, scale = eight_bits(table)
    assert (rows.dtype, rows.max(axis=1).tolist()[-1]) == (np.int8, 0)
    assert np.abs(rows * scale[:, None] - table).max() <= 0.51 * scale.max()


def test_items_become_what_a_browser_shows():
    kind, content = encoded(np.eye(8))
    assert kind == "image/png"
    assert media.picture(np.frombuffer(content, np.uint8)).shape == (8, 8, 3)
    kind, content = encoded((9000 * np.sin(np.arange(8000) / 9)).astype(np.int16))
    assert kind in ("audio/mpeg", "audio/wav")
    assert len(content) < 17000
    assert encoded(np.frombuffer(b"GIF89a and more", np.uint8)) == ("image/gif", b"GIF89a and more")


def test_without_mp3_sounds_are_wave_files(monkeypatch):
    import soundfile

    real = soundfile.write

    def write(file, samples, rate, format, **options):
        if format == "MP3":
            raise ValueError("unknown format")
        real(file, samples, rate, format=format, **options)

    monkeypatch.setattr(soundfile, "write", write)
    kind, content = encoded(np.arange(-400, 400, dtype=np.int16))
    assert (kind, content[:4]) == ("audio/wav", b"RIFF")
