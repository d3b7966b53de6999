"""Settings and checks, batches, the best epoch, progress files."""
