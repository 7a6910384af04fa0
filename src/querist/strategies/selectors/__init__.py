"""Selectors: pick a batch from ratings and signals. One idea a file."""
