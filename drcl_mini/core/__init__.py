"""What every other folder uses; it imports nothing else of the package."""
