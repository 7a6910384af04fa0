"""Whether probabilities mean what they say, and how they are made to."""
