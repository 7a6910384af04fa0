"""Published methods that are more than one expression of the parts, a file each."""
