import subprocess
import sys
from pathlib import Path

from drcl_mini.core.checks import needs


def test_a_missing_package_is_named_with_its_command(complains, monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with complains("librosa", "pip install librosa", error=ImportError):
        needs("librosa")


def test_scripts_import_without_what_only_some_need():
    code = """
import sys
sys.modules.update(dict.fromkeys(["h5py", "librosa", "pooch", "requests", "skimage", "sklearn", "scipy"]))
from data_scripts.__main__ import NAMES, script
print([script(name).ABOUT.name for name in NAMES] == list(NAMES))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr
