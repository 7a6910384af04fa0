"""Models that are uncertain: ways to posterior samples of a network."""
