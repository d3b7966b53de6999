"""What stands around the method's loops: settings, checks, batches, the best epoch, progress."""
