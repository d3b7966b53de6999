"""Every part of the shipped data says where it comes from and under which terms, and so does the package."""

import re
import tomllib
from pathlib import Path

import pytest

from drcl_mini.data.shipped.collection import COLLECTIONS, FOLDER, load_collection

ROOT = Path(__file__).parents[3]
PARTS = [(name, part, own) for name in COLLECTIONS for part, own in load_collection(name).card()["parts"].items()]
each = pytest.mark.parametrize(("name", "part", "own"), PARTS, ids=[f"{name}-{part}" for name, part, _ in PARTS])


@each
def test_a_part_names_source_licence_attribution_and_content(name, part, own):
    assert all(own[key] for key in ("what", "licence", "attribution", "changes", "items"))
    packages = own.get("packages", [])
    assert own.get("content_id") or packages or own.get("files")
    assert all(set(package) >= {"kind", "name", "version", "sha256"} for package in packages)
    for file in own["licence_files"]:
        assert (FOLDER / "licences" / file).stat().st_size > 500


def test_the_package_names_every_licence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = set(re.split(r" AND ", project["license"]))
    found = {own["licence"].replace("public domain", "LicenseRef-OpenClipart") for _, _, own in PARTS}
    assert {licence for own in found for licence in own.split(" AND ")} | {"MIT"} == named
    assert "drcl_mini/data/shipped/licences/*" in project["license-files"]


def test_every_licence_file_is_of_a_part():
    used = {file for _, _, own in PARTS for file in own["licence_files"]}
    assert {path.name for path in (FOLDER / "licences").iterdir()} == used


def test_what_is_shipped_is_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.suffix != ".pyc") < 20_000_000
