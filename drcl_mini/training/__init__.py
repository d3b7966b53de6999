"""What stands around the loops of the method: settings and their checks, batches, the best epoch, progress."""
