"""Rulesets: the API, and what a phase accepts."""
