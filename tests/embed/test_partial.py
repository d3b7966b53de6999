import numpy as np

from drcl_mini.embed.partial import Batch, open_partial, read_done, writing


def test_what_is_written_is_read(tmp_path):
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert not open_partial(tmp_path / "p", {"a": [1]})
    with writing(tmp_path / "p") as out:
        out.write(Batch(3, [0, 2], [1, 4], 2, ["b: broken"], [7, -8]), table[:2], [b"x", b"long"])
        out.write(Batch(2, [3], [0], 2, ["e: broken"], [9]), table[2:], [b""])
    done = read_done(tmp_path / "p")
    assert (done.read, done.kept, done.items) == (5, [0, 2, 3], [b"x", b"long", b""])
    assert done.faults == ["b: broken", "e: broken"]
    assert isinstance(done.features, np.memmap)
    assert np.array_equal(done.features, table)


def test_what_a_crash_left_half_written_is_cut_off(tmp_path):
    row = np.ones((1, 2), np.float32)
    open_partial(tmp_path, {})
    with writing(tmp_path) as out:
        out.write(Batch(1, [0], [1], 2, [], [1]), row, [b"a"])
    whole = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name, more in (("features", b"\1\2\3"), ("items", b"zz"), ("log", b"[1, [1], [1")):
        (tmp_path / name).write_bytes(whole[name] + more)
    assert read_done(tmp_path).items == [b"a"]
    with writing(tmp_path) as out:
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == whole
        out.write(Batch(1, [1], [1], 2, [], [1]), 2 * row, [b"b"])
    done = read_done(tmp_path)
    assert (done.kept, done.items, done.features.tolist()) == ([0, 1], [b"a", b"b"], [[1, 1], [2, 2]])


def test_other_work_is_thrown_away(tmp_path):
    folder = tmp_path / "p"
    assert not open_partial(folder, {"a": 1})
    (folder / "log").write_text("")
    assert not open_partial(folder, {"a": 1})
    assert (folder / "log").exists()
    assert open_partial(folder, {"a": 2})
    assert not (folder / "log").exists()


def test_a_modality_of_which_nothing_worked_out(tmp_path):
    open_partial(tmp_path, {})
    with writing(tmp_path) as out:
        out.write(Batch(2, [], [], 0, ["a", "b"], []), np.zeros((0, 0), np.float32), [])
    done = read_done(tmp_path)
    assert (done.read, done.kept, len(done.features), done.items) == (2, [], 0, [])
