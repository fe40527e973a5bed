"""The `serlo` command: one module per subcommand."""
