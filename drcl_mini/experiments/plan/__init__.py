"""From names on the command line to tasks: methods, grids, changes, choices."""
