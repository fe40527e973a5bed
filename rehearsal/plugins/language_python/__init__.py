"""A language host for Python, for machines that cannot download Pulumi's own."""
