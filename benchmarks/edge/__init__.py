"""`make bench-edge`: what the worker at the edge costs per request, in workerd."""
