"""The commands, one file each: thin covers of the Python functions."""
