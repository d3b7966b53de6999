"""Retrieval: ranking, search, metrics, evaluation."""
