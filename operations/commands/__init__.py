"""One module per `serlo` subcommand: arguments, order, printing. Nothing imports them."""
