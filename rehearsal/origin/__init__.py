"""Answers for the simulated pods: which version answers a URL is a fact of the cluster."""
