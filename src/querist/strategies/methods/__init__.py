"""Published methods that are more than one expression of the parts, one file each."""
