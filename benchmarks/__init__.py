"""`make bench`: how long `pulumi`, `kubectl` and `helm` take for the same Kubernetes objects."""
