"""`serlo adopt`: take what exists already into a stack, so that the first update makes none of it.

`place` says where a stack is; `objects` and `zone` look for what is declared; `importing` writes
the file for `pulumi import`; `owning` moves the ownership of fields to Pulumi.
"""
