"""What `pulumi up` runs: the platform, declared. Nothing here reads a network or a clock."""
