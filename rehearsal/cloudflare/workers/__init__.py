"""Workers: scripts, their versions, settings and secrets, and the routes that lead to them."""
