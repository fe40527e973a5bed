"""CrossGuard policies for the declared resources."""
