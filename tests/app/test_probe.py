import json
from dataclasses import replace

import pytest

from drcl_mini import load_dataset
from drcl_mini.app.cli import main
from drcl_mini.app.probe import linear_probe


def test_a_probe_needs_every_modality_in_every_split():
    data = load_dataset("digits-halves")
    for part in ("validation", "test"):
        with pytest.raises(ValueError, match=f"the {part} split has no 'bottom'"):
            linear_probe(replace(data, **{part: getattr(data, part).only("top")}))


def test_probe_prints_and_keeps_a_row_for_each_modality(tmp_path, capsys):
    assert main(["probe", "digits-halves", "--out", str(tmp_path / "probe.json")]) == 0
    printed = capsys.readouterr().out
    kept = json.loads((tmp_path / "probe.json").read_text(encoding="utf-8"))
    assert [row["modality"] for row in kept["rows"]] == ["top", "bottom"]
    assert kept["command"] == "python -m drcl_mini probe digits-halves"
    for row in kept["rows"]:
        assert f"{row['logistic regression']:.3f}" in printed
        assert row["chance"] < 0.2 < row["nearest centroid"] < 1
