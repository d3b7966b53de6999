"""Statistics and plots of result files."""
