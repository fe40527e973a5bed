"""`serlo trace`: what answers a URL, from the record to the pod, and why."""
