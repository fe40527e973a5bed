"""An offline stand-in for pulumi-resource-kubernetes, with server-side apply throughout.

It takes the type tokens and inputs of the official provider and behaves as that documents; the
differences are listed in docs/decisions/0004-offline-kubernetes-plugin.md.
"""
