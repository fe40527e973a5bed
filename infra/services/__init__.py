"""The microservices of the platform: one module each, holding a `service`, or several `services`
that come and go together.

To add one, add a module here and its version to the stack files. Nothing else lists them.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from infra.declaration.checks import check_catalogue
from infra.declaration.service import Service


@cache
def declared() -> tuple[Service, ...]:
    """Every declared service, ordered by name.

    Raises DeclarationError if they do not fit together.
    """
    modules = (
        import_module(f"{__name__}.{module.name}")
        for module in iter_modules(__path__)
        if not module.ispkg
    )
    services: list[Service] = []
    for module in modules:
        services += getattr(module, "services", None) or [module.service]
    services.sort(key=lambda service: service.name)
    check_catalogue(tuple(services))
    return tuple(services)
