"""What the worker decides about a request, in Python."""
