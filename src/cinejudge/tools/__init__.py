"""Perception tools, one file each. A module here that defines ``TOOL`` is found by the registry."""
