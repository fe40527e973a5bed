"""Git, addresses and the terminal."""
