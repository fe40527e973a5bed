"""Runs a stack on this machine: project, secrets, zone, summary, changes under load."""
