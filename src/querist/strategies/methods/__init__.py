"""Published methods that are more than one expression. One a file."""
