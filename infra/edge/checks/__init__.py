"""Checks of the routing table that need no request."""
