"""Stands in, on one machine, for the world that the program talks to."""
