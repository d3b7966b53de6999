"""Programs and their parts, not tests: ``tests/test_hostile_files.py`` runs them."""

collect_ignore_glob = ["*.py"]
