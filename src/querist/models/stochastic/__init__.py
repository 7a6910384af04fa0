"""Models that are uncertain: posterior samples from one network."""
