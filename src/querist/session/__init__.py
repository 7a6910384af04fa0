"""The loop: ask, tell, fit; `run` drives it; `rules` say when to stop."""
