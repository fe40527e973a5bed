"""The edge: compiler of the routing table, its checks, Cloudflare resources and the worker."""

from infra.edge.sdk import import_on_use

import_on_use()
