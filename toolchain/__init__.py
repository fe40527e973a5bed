"""The pinned tools of the rehearsal: how each is found, downloaded or built.

`resolver.resolve(name)` is all that the other packages need; the names stand in `catalogue.py`.
Nothing is imported here: commands that need only the cache's folder start without the resolver.
"""
