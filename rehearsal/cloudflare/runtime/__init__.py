"""The Workers runtime: workerd, its configuration, and what it runs."""
