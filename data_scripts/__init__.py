"""Fetch, check and convert data sets: ``python -m data_scripts NAME``."""
