"""Pulumi components: they turn declarations into resources and decide nothing themselves."""
