"""Published methods that are more than one expression, one file each."""
