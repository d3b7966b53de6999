"""Experiments: grids of runs, their statistics, their plots."""
