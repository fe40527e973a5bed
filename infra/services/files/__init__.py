"""Configuration files of services, where they are too long to stand in the declaration."""
