"""Judges finished videos with agents that call perception tools, and gives verdicts that can be traced."""

__version__ = "0.1.0"
