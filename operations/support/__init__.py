"""Git, HTTP, DNS and the terminal."""
