import json
import re

import torch

from drcl_mini.core.environment import commit, environment, write_json


def test_the_environment_names_versions_and_hardware():
    found = environment()
    assert found["torch"] == torch.__version__
    assert found.keys() >= {
        "drcl_mini",
        "python",
        "system",
        "numpy",
        "scikit-learn",
        "safetensors",
        "processor",
        "cuda",
    }
    assert all(isinstance(value, str) and value for value in found.values())


def test_json_for_people(tmp_path):
    path = tmp_path / "some.json"
    write_json(path, {"name": "ü", "values": [1, 2.5]})
    assert path.read_text(encoding="utf-8") == '{\n "name": "ü",\n "values": [\n  1,\n  2.5\n ]\n}\n'
    assert json.loads(path.read_text(encoding="utf-8")) == {"name": "ü", "values": [1, 2.5]}


def test_the_commit_is_one_or_none():
    assert commit() is None or re.fullmatch(r"[0-9a-f]{40}(-dirty)?", commit())
