"""What people start: the command line, linear probes, items shown in a notebook."""
