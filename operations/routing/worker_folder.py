"""The settings with which miniflare and wrangler run the worker of a stack."""

import json as json_format

from infra.edge.cloudflare.worker_script import (
    COMPATIBILITY_DATE,
    MAIN_MODULE,
    SECRET_BINDINGS,
    Script,
)
from infra.stack.environment import Environment

STORE = "PATH_INFO_KV"


def settings(environment: Environment, declared: Script) -> dict[str, str]:
    """What miniflare and wrangler are to be told, by file."""
    secrets = [name for name, key in SECRET_BINDINGS.items() if key in environment.secrets]
    return {
        "miniflare.json": _json(
            {
                "name": declared.name,
                "scriptPath": MAIN_MODULE,
                "modules": True,
                "modulesRoot": ".",
                "compatibilityDate": COMPATIBILITY_DATE,
                "bindings": declared.variables,
                "kvNamespaces": [STORE],
                "secrets": secrets,
            }
        ),
        "wrangler.json": _json(
            {
                "name": declared.name,
                "main": MAIN_MODULE,
                "compatibility_date": COMPATIBILITY_DATE,
                "vars": declared.variables,
                "kv_namespaces": [{"binding": STORE, "id": "path-info"}],
            }
        ),
    }


def _json(value: object) -> str:
    return json_format.dumps(value, indent=2)
