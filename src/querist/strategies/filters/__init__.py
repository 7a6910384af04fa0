"""Filters: narrow the pool. One idea a file."""
