"""The labelling web service: the loop live, for people. It loads no torch; the model is trained in its own process."""
