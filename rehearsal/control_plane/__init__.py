"""A Kubernetes control plane on this machine: real servers, simulated nodes."""
