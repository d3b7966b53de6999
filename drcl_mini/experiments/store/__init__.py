"""Result files: one JSON line a run."""
