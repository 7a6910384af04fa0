"""Scores: rate each item. One idea a file."""
