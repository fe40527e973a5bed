"""Versions: what runs where, what is newer, and how a stack file changes."""
