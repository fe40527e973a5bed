"""A Kubernetes provider plugin that does nothing, to measure what Pulumi itself takes."""
