"""Waiting until an object is what it was declared to be, and failing early when it will not be."""
