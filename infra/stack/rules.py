"""Checking a stack file: every mistake it has, against the schema and the declared services.

The schema judges each value by itself; the rules below judge what belongs together. They look only
at values of the right type, since the schema speaks about the others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pydantic import ValidationError

from infra.declaration import quantity
from infra.declaration.release import (
    CONTINUOUS_FORM,
    SEMANTIC_FORM,
    Channel,
    ReleaseError,
    parse_release,
)
from infra.declaration.service import Service, allowed_in, exists_in
from infra.declaration.values import SecretRef
from infra.routing.legacy_split import CONTENT_TYPES
from infra.routing.table import SPLITS, SWITCHES
from infra.stack.file import Place, Problem, StackFile, Value
from infra.stack.messages import EXAMPLE, secret_command, translate
from infra.stack.schema import PERCENTAGE, StackKeys

PRODUCTION = "production"
LEGACY = "legacy"
"""The feature of the platform that the routing table divides visitors with."""
ENVIRONMENTS = ("local", "staging", PRODUCTION)

PRODUCTION_DOMAIN = "serlo.org"
PRODUCTION_ZONE = "1a4afa776acb2e40c3c8a135248328ae"
"""Written down a second time on purpose: a swapped line must not point staging at production."""

_PULUMI_KEYS = ("config", "encryptionsalt", "encryptedkey", "secretsprovider")
_NO_DEFAULTS = "pulumi:disable-default-providers"

Check = Callable[[StackFile, str, Mapping[str, Service]], Iterator[Problem]]


def check(
    file: StackFile, environment: str, services: Sequence[Service]
) -> tuple[StackKeys | None, list[Problem]]:
    """The typed content of a stack file, or None and all of its mistakes."""
    outer = list(_outer_keys(file))
    if not isinstance(file.values.get("config"), dict):
        return None, outer
    known = {service.name: service for service in services if allowed_in(service, environment)}
    problems = outer + [problem for rule in _RULES for problem in rule(file, environment, known)]
    try:
        keys = StackKeys.model_validate(_ours(file))
    except ValidationError as error:
        keys = None
        details = error.errors(include_url=False)
        problems += [translate(file, environment, known.values(), detail) for detail in details]
    return (None if problems else keys), problems


def _existing(
    file: StackFile, environment: str, known: Mapping[str, Service]
) -> dict[str, Service]:
    features = _below(file, "features")
    return {name: s for name, s in known.items() if exists_in(s, environment, features)}


def _config(file: StackFile) -> dict[str, Value]:
    config = file.values.get("config")
    return config if isinstance(config, dict) else {}


def _ours(file: StackFile) -> dict[str, Value]:
    return {
        key.removeprefix("serlo:"): value
        for key, value in _config(file).items()
        if key.startswith("serlo:")
    }


def _below(file: StackFile, *keys: str) -> dict[str, Value]:
    value: Value = _ours(file)
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _texts(file: StackFile, *keys: str) -> dict[str, str]:
    return {k: v for k, v in _below(file, *keys).items() if isinstance(v, str)}


def _outer_keys(file: StackFile) -> Iterator[Problem]:
    for key in file.values:
        if key not in _PULUMI_KEYS:
            moved = key.startswith("serlo:")
            remedy = f"Indent it below config:, as {EXAMPLE} has it" if moved else "Delete the key"
            yield file.unknown((key,), "key", _PULUMI_KEYS, remedy)
    if not isinstance(file.values.get("config"), dict):
        yield file.problem(("config",), "a mapping of keys to values", f"See {EXAMPLE}")


def _namespaces(file: StackFile, _env: str, _known: Mapping[str, Service]) -> Iterator[Problem]:
    for key in _config(file):
        namespace, colon, rest = key.partition(":")
        if namespace in {"serlo", "pulumi"} and rest:
            continue
        remedy = "Delete the key: nothing would read it" if colon else f"Write serlo:{key}"
        yield file.unknown(("config", key), "key", ("serlo:…", "pulumi:…"), remedy)
    if _config(file).get(_NO_DEFAULTS) != ["*"]:
        yield file.problem(
            ("config", _NO_DEFAULTS),
            '["*"], so that Pulumi never touches a cluster that happens to be the current one',
            f'Add the line {_NO_DEFAULTS}: ["*"]',
        )


def _versions(file: StackFile, environment: str, known: Mapping[str, Service]) -> Iterator[Problem]:
    if not isinstance(_ours(file).get("versions"), dict):
        return
    place: Place = ("config", "serlo:versions")
    given = _below(file, "versions")
    by_key = {service.version_key: service for service in known.values()}
    needed = {s.version_key for s in _existing(file, environment, known).values()}
    for key in given:
        if key not in by_key:
            remedy = "Delete the line, or declare the service in infra/services/"
            yield file.unknown((*place, key), "service", list(by_key), remedy)
    allowances = _texts(file, "prereleases")
    for key, service in by_key.items():
        text = given.get(key)
        if key not in given and key in needed:
            form = CONTINUOUS_FORM if service.channel is Channel.CONTINUOUS else SEMANTIC_FORM
            yield file.problem((*place, key), form, f"Add the version of {key} to run")
        if not isinstance(text, str):
            continue
        try:
            release = parse_release(text, service.channel, allow_v=service.third_party)
        except ReleaseError as error:
            yield file.problem((*place, key), error.allowed, error.remedy)
            continue
        if environment == PRODUCTION and release.is_prerelease and key not in allowances:
            yield file.problem(
                (*place, key),
                "a release, not a pre-release, in production",
                f"Use a release, or give a reason: serlo:prereleases: {{{key}: <reason>}}",
            )
        if key in allowances and not (environment == PRODUCTION and release.is_prerelease):
            yield file.problem(
                ("config", "serlo:prereleases", key),
                "an allowance where production runs a pre-release",
                "Delete the line: it is not needed",
            )
    for key in allowances:
        if key not in by_key:
            place = ("config", "serlo:prereleases", key)
            yield file.unknown(place, "service", list(by_key), "Delete the line")


def _services(file: StackFile, environment: str, known: Mapping[str, Service]) -> Iterator[Problem]:
    place: Place = ("config", "serlo:services")
    for name in _below(file, "services"):
        service = known.get(name)
        if service is None:
            yield file.unknown((*place, name), "service", list(known), "Delete the key")
            continue
        for setting in _below(file, "services", name, "settings"):
            if setting not in service.settings:
                declared = service.env.get(setting)
                remedy = "Delete the line"
                if isinstance(declared, SecretRef):
                    remedy = f"It is a secret: {secret_command(declared.name, environment)}"
                where = (*place, name, "settings", setting)
                yield file.unknown(where, "setting", list(service.settings), remedy)
        if service.single and "replicas" in _below(file, "services", name):
            yield file.problem(
                (*place, name, "replicas"),
                "nothing: it never runs twice at once",
                "Delete the key",
                found="a number of pods",
            )
        yield from _sizes(file, name)
    for name, service in _existing(file, environment, known).items():
        given = _below(file, "services", name, "settings")
        for setting, declared in service.settings.items():
            if declared.default is None and setting not in given:
                yield file.problem(
                    (*place, name, "settings", setting),
                    "text, which may be empty",
                    f"Add the setting: {name} has no default for it",
                )


def _features(file: StackFile, _env: str, known: Mapping[str, Service]) -> Iterator[Problem]:
    optional = sorted(
        {service.feature for service in known.values() if service.feature is not None}
    )
    given = _below(file, "features")
    for name in given:
        if name not in optional:
            place = ("config", "serlo:features", name)
            yield file.unknown(place, "feature", optional, "Delete the line")
    for name in optional:
        if name not in given:
            of_feature = ", ".join(s.name for s in known.values() if s.feature == name)
            yield file.problem(
                ("config", "serlo:features", name),
                f"true or false, which switches {of_feature} on or off",
                "Add the line",
            )


def _sizes(file: StackFile, name: str) -> Iterator[Problem]:
    place: Place = ("config", "serlo:services", name)
    replicas = _below(file, "services", name, "replicas")
    least, most = replicas.get("min"), replicas.get("max")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield file.problem(
            (*place, "replicas", "min"), f"at most max, which is {most}", "Swap or change the two"
        )
    for kind, read in (("cpu", quantity.cpu), ("memory", quantity.memory)):
        request = _texts(file, "services", name, "resources", "requests").get(kind)
        limit = _texts(file, "services", name, "resources", "limits").get(kind)
        try:
            exceeds = request and limit and read(request) > read(limit)
        except ValueError:
            continue  # the schema says so
        if exceeds:
            yield file.problem(
                (*place, "resources", "requests", kind),
                f"at most the limit, which is {limit}",
                "Lower the request or raise the limit",
            )


def _pools(file: StackFile, environment: str, known: Mapping[str, Service]) -> Iterator[Problem]:
    pools = list(_below(file, "node-pools"))
    chosen = {name: _below(file, "services", name).get("node-pool") for name in known}
    for name, pool in chosen.items():
        if isinstance(pool, str) and pool and pool not in pools:
            place = ("config", "serlo:services", name, "node-pool")
            remedy = "Use one of those, or describe the pool below serlo:node-pools"
            yield file.problem(place, f"one of {', '.join(pools)}", remedy)
    if not isinstance(_ours(file).get("node-pools"), dict):
        return  # the schema says so
    users: dict[str, list[str]] = {}
    for name, service in _existing(file, environment, known).items():
        if chosen[name] is None and service.node_pool not in pools:
            users.setdefault(service.node_pool, []).append(name)
    for pool, names in users.items():
        yield file.problem(
            ("config", "serlo:node-pools", pool),
            f"the node pool of {', '.join(names)}",
            f"Describe it as {EXAMPLE} does, or choose another: "
            f"serlo:services.{names[0]}.node-pool",
        )


def _interlock(
    file: StackFile, environment: str, _known: Mapping[str, Service]
) -> Iterator[Problem]:
    guarded = (
        (("domain",), PRODUCTION_DOMAIN, "domain"),
        (("cloudflare", "zone-id"), PRODUCTION_ZONE, "zone"),
    )
    for keys, of_production, what in guarded:
        value = _texts(file, *keys[:-1]).get(keys[-1])
        place = ("config", f"serlo:{keys[0]}", *keys[1:])
        if value is None:
            continue
        if environment == PRODUCTION and value != of_production:
            yield file.problem(
                place, f"{of_production}, production's {what}", "This is the stack of production"
            )
        if environment != PRODUCTION and value == of_production:
            yield file.problem(
                place, f"the {what} of {environment}", f"This is production's {what}"
            )


def _secrets(file: StackFile, environment: str, known: Mapping[str, Service]) -> Iterator[Problem]:
    own_worker = "script" not in _below(file, "edge")
    used = list(used_secrets(environment, known.values(), own_worker=own_worker))
    for name in _below(file, "secrets"):
        if name not in (*used, *OPTIONAL_SECRETS, "secure"):
            remedy = f"pulumi config rm --path 'serlo:secrets.{name}' --stack {environment}"
            yield file.unknown(("config", "serlo:secrets", name), "secret", used, remedy)


def _edge(file: StackFile, _env: str, known: Mapping[str, Service]) -> Iterator[Problem]:
    place: Place = ("config", "serlo:edge")
    edge, legacy = _below(file, "edge"), _below(file, "features").get(LEGACY)
    splits = _below(file, "edge", "splits")
    without_legacy = legacy is False or LEGACY not in {
        service.feature for service in known.values()
    }
    if "script" in edge or without_legacy:
        why = "the feature legacy" if without_legacy else "our routing table"
        for key in ("splits", "switches"):
            if key in edge:
                yield file.problem(
                    (*place, key),
                    f"nothing: without {why} it has no meaning",
                    "Delete the key",
                    found="the key",
                )
        return
    if legacy is True and edge:
        for name in SPLITS:
            if name not in splits:
                yield file.problem(
                    (*place, "splits", name),
                    f"mobile, authenticated and desktop, each {PERCENTAGE}",
                    "Add the key: how many visitors of each audience the frontend answers",
                )
    for name in splits:
        if name not in SPLITS:
            yield file.unknown((*place, "splits", name), "split", SPLITS, "Delete the key")
        where = (*place, "splits", name, "types")
        types = _below(file, "edge", "splits", name).get("types")
        yield from _unknown_elements(file, where, types, "type of content", CONTENT_TYPES)
    where = (*place, "switches")
    yield from _unknown_elements(file, where, edge.get("switches"), "switch", SWITCHES)


def _unknown_elements(
    file: StackFile, place: Place, elements: Value, what: str, known: Sequence[str]
) -> Iterator[Problem]:
    for index, element in enumerate(elements if isinstance(elements, list) else ()):
        if isinstance(element, str) and element and element not in known:
            yield file.unknown((*place, index), what, known, "Delete the name")


EDGE_SECRETS = {
    "cloudflare-api-token": "cloudflare provider",
    "cloudflare-worker-secret": "edge worker",
    "gateway-tls-certificate": "gateway",
    "gateway-tls-key": "gateway",
    # Another team's worker needs it too, since the gateway refuses requests without it.
    "origin-secret": "edge worker and gateway",
}
"""Secrets that no service declares, and who uses them."""

OPTIONAL_SECRETS = {
    "cloudflare-worker-secret-second": "edge worker",
    "origin-secret-second": "gateway",
}
"""Second values, valid beside the first while that one is being replaced."""


def used_secrets(
    environment: str, services: Iterable[Service], *, own_worker: bool = True
) -> dict[str, tuple[str, ...]]:
    """Every secret an environment needs, by name, with those who use it, ordered by name.

    `own_worker`: whether the worker at the edge is ours, rather than another team's script.
    """
    users: dict[str, list[str]] = {name: [user] for name, user in EDGE_SECRETS.items()}
    if not own_worker:
        del users["cloudflare-worker-secret"]
    for service in services:
        for secret in service.secrets:
            if secret.environments is None or environment in secret.environments:
                users.setdefault(secret.name, []).append(service.name)
    return {name: tuple(users[name]) for name in sorted(users)}


_RULES: tuple[Check, ...] = (
    _namespaces,
    _versions,
    _features,
    _services,
    _pools,
    _interlock,
    _edge,
    _secrets,
)
