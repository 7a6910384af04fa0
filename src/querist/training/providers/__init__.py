"""Providers: each gives a signal of a trained network that one plain forward pass does not."""
