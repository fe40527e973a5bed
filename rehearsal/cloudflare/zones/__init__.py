"""Zones: what they are called, their settings and features, and those a rehearsal begins with."""
