"""Data: splits, data sets, label noise, and the built-in world of five media."""
