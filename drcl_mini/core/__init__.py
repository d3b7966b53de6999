"""Foundations that every other folder uses: checks, devices, files, environment, terminal."""
