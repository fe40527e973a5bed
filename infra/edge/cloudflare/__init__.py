"""Cloudflare resources: records, settings, rulesets, routes and the worker's script."""
