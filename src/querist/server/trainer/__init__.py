"""The trainer: a process of its own that reads what is labelled and hands over a model and the next queue."""
