"""The microservices of the platform: one module each, holding a `service`.

To add one, add a module here and its version to the stack files. Nothing else lists them.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from infra.service import Service, check_catalogue


@cache
def declared() -> tuple[Service, ...]:
    """Every declared service, ordered by name.

    Raises DeclarationError if they do not fit together.
    """
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    services: list[Service] = [module.service for module in modules]
    services.sort(key=lambda service: service.name)
    check_catalogue(tuple(services))
    return tuple(services)
