"""Reads what a checkout declares, without touching anything."""
