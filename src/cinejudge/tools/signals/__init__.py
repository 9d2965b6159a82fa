"""Measures of pictures over time and of sound, as plain functions of arrays."""
