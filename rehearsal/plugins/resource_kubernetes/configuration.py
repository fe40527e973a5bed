"""The provider's own configuration: `kubernetes:kubeconfig`, `namespace` and the switches."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rehearsal.plugins.properties import PropertyMap, Secret, Unknown, reveal

_KNOWN = frozenset(
    {
        "cluster",
        "clusterIdentifier",
        "context",
        "deleteUnreachable",
        "enableConfigMapMutable",
        "enablePatchForce",
        "enableSecretMutable",
        "enableServerSideApply",
        "helmReleaseSettings",
        "kubeClientSettings",
        "kubeconfig",
        "namespace",
        "renderYamlToDirectory",
        "skipUpdateUnreachable",
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
        "version",
        "pluginDownloadURL",
        "alwaysRender",
        "strictMode",
        "rejectUnknownResources",
    }
)
_VARIABLE_PREFIX = "kubernetes:config:"


class ConfigurationError(ValueError):
    """A setting that cannot be honoured; `property` names it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.property = name
        self.reason = reason


@dataclass(frozen=True)
class Configuration:
    """What the provider was told. `kubeconfig` is a path or its contents; None: ambient."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    cluster_identifier: str | None = None
    namespace: str | None = None
    config_map_mutable: bool = False
    secret_mutable: bool = False
    patch_force: bool = False
    suppress_deprecation_warnings: bool = False
    delete_unreachable: bool = False
    skip_update_unreachable: bool = False


def from_variables(variables: Mapping[str, str]) -> Configuration:
    """The configuration as Configure gets it: strings, with `kubernetes:config:` before the name.

    Raises ConfigurationError.
    """
    values = {name.removeprefix(_VARIABLE_PREFIX): text for name, text in variables.items()}
    return from_values(values)


def from_values(values: Mapping[str, Any]) -> Configuration:
    """The configuration of plain values; unset ones come from `PULUMI_K8S_…`, as documented.

    Raises ConfigurationError.
    """
    if values.get("renderYamlToDirectory"):
        raise ConfigurationError(
            "renderYamlToDirectory",
            "not supported by the offline plugin; `serlo render` prints the same documents",
        )
    if not _flag(values, "enableServerSideApply", "ENABLE_SERVER_SIDE_APPLY", default=True):
        raise ConfigurationError(
            "enableServerSideApply", "the offline plugin knows server-side apply only; remove it"
        )
    kubeconfig = values.get("kubeconfig")
    if isinstance(kubeconfig, dict):
        # A program may pass the document itself; SDKs turn it into JSON, YAML files may not.
        kubeconfig = json.dumps(kubeconfig)
    return Configuration(
        kubeconfig=kubeconfig or None,
        context=values.get("context") or None,
        cluster=values.get("cluster") or None,
        cluster_identifier=values.get("clusterIdentifier") or None,
        namespace=values.get("namespace") or None,
        config_map_mutable=_flag(values, "enableConfigMapMutable", "ENABLE_CONFIGMAP_MUTABLE"),
        secret_mutable=_flag(values, "enableSecretMutable", "ENABLE_SECRET_MUTABLE"),
        patch_force=_flag(values, "enablePatchForce", "ENABLE_PATCH_FORCE"),
        suppress_deprecation_warnings=_flag(
            values, "suppressDeprecationWarnings", "SUPPRESS_DEPRECATION_WARNINGS"
        ),
        delete_unreachable=_flag(values, "deleteUnreachable", "DELETE_UNREACHABLE"),
        skip_update_unreachable=_flag(values, "skipUpdateUnreachable", "SKIP_UPDATE_UNREACHABLE"),
    )


def _flag(values: Mapping[str, Any], name: str, variable: str, *, default: bool = False) -> bool:
    value = values.get(name)
    if value in (None, ""):
        value = os.environ.get(f"PULUMI_K8S_{variable}", "true" if default else "false")
    return value is True or str(value).lower() == "true"


def ambient_kubeconfig() -> str:
    """The kubeconfig that kubectl would use: `$KUBECONFIG`, else `~/.kube/config`."""
    named = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    return named or str(Path("~/.kube/config").expanduser())


def plain_values(properties: PropertyMap) -> dict[str, Any]:
    """Configuration properties as values: secrets shown, JSON text decoded, unknowns left out."""
    values: dict[str, Any] = {}
    for key, value in properties.items():
        inner = value.value if isinstance(value, Secret) else value
        if not isinstance(inner, Unknown):
            values[key] = _decoded(reveal(inner)) if key != "kubeconfig" else reveal(inner)
    return values


def _decoded(value: Any) -> Any:
    # SDKs send everything but strings as JSON text.
    if not isinstance(value, str):
        return value
    try:
        decoded = json.loads(value)
    except ValueError:
        return value
    return cast(Any, decoded) if isinstance(decoded, (bool, dict)) else value


def unknown_settings(properties: PropertyMap) -> list[str]:
    """Names of settings that the provider does not have."""
    return sorted(key for key in properties if key not in _KNOWN and not key.startswith("__"))


def changes_cluster(old: PropertyMap, new: PropertyMap) -> bool:
    """Whether a change of configuration means another cluster, so that all must be replaced.

    `clusterIdentifier` decides if both have one; else the server's address and authority do.
    """
    if any(isinstance(reveal(new.get(key)), Unknown) for key in ("kubeconfig", "context")):
        return False
    before, after = plain_values(old), plain_values(new)
    identifiers = (before.get("clusterIdentifier"), after.get("clusterIdentifier"))
    if all(identifiers):
        return identifiers[0] != identifiers[1]
    places = (_place(before), _place(after))
    return None not in places and places[0] != places[1]


def _place(values: dict[str, Any]) -> tuple[Any, ...] | None:
    """What tells one cluster from another in a kubeconfig; None when that cannot be read."""
    import yaml  # noqa: PLC0415 - only for a changed configuration

    text = str(values.get("kubeconfig") or ambient_kubeconfig())
    try:
        if "\n" not in text.strip() and not text.lstrip().startswith("{"):
            text = Path(text).expanduser().read_text()
        document: Any = yaml.safe_load(text)
        entries = cast(dict[str, list[dict[str, Any]]], document)
        name = values.get("context") or document.get("current-context")
        context = next(e["context"] for e in entries["contexts"] if e["name"] == name)
        cluster = values.get("cluster") or context["cluster"]
        where = next(e["cluster"] for e in entries["clusters"] if e["name"] == cluster)
    except (OSError, ValueError, LookupError, StopIteration, AttributeError, yaml.YAMLError):
        return None
    authority = where.get("certificate-authority-data") or where.get("certificate-authority")
    return where.get("server"), authority
