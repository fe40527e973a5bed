"""A state back end for Pulumi on this machine that keeps a journal instead of rewriting the state.

Pulumi's `file://` back end writes the whole state after every step of every resource, so an
update costs the square of its resources. The back end "Pulumi Cloud" lets the engine append one
journal entry per step. This package serves the part of that API which the pinned CLI uses, from a
SQLite file, on the loopback interface only. It never sees a secret in plain text: stacks use the
passphrase provider of the CLI, and requests to encrypt or decrypt are refused.
"""
