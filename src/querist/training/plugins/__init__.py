"""Plug-ins: each changes how a network is trained and publishes a signal; a strategy that needs it names it."""
