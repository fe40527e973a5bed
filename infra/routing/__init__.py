"""The routing table: its words, and the entries themselves."""
