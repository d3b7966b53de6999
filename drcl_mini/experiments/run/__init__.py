"""Tasks done here, in processes or on a cluster."""
