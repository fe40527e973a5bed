"""A stack file: reading it, its schema and rules, and what it says."""
