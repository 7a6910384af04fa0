"""The only place that knows every room: typed configuration, and from it a session that runs."""
