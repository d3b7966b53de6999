"""Programs and their parts, not tests: ``test_hostile_files.py`` runs them."""

collect_ignore = ["damage.py", "kinds.py", "sources.py", "worker.py"]
