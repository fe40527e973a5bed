"""The edge: what answers visitors, and what answers the workers themselves."""
