"""The words in which a service is declared, and their checks."""
