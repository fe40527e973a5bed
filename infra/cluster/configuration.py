"""What a service is given to read: its Secret and its ConfigMap.

The name of either ends in a fingerprint of what is in it, and neither can be changed. So new values
roll the pods, and pods of the previous release keep theirs meanwhile.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from json import dumps

from infra.cluster.manifest import NAME_LABEL, Manifest, manifest
from infra.declaration.values import Secret
from infra.workloads import Workload


@dataclass(frozen=True)
class Stores:
    """The names of a service's Secret and ConfigMap, and the manifests of those it has."""

    secret: str
    config: str
    manifests: tuple[Manifest, ...]


def stores(
    workload: Workload, values: Mapping[str, str], conceal: Callable[[str], object]
) -> Stores:
    """Secret and ConfigMap of a service. `values`: secrets by name; each passes `conceal`."""
    secret_data = _secret_data(workload, values)
    config_data = {file.key: file.text({}) for file in workload.files if not file.is_secret}
    secret_name, config_name = (
        f"{workload.service.name}-{fingerprint(data)}" for data in (secret_data, config_data)
    )
    manifests: list[Manifest] = []
    if secret_data:
        coded = {key: b64encode(text.encode()).decode() for key, text in secret_data.items()}
        data = {key: conceal(text) for key, text in coded.items()}
        manifests.append({**_store(workload, "Secret", secret_name, data), "type": "Opaque"})
    if config_data:
        manifests.append(_store(workload, "ConfigMap", config_name, config_data))
    return Stores(secret_name, config_name, tuple(manifests))


def fingerprint(data: object) -> str:
    """Ten hexadecimal digits (40 bits) that stand for some JSON-like data."""
    return sha256(dumps(data, sort_keys=True).encode()).hexdigest()[:10]


def _secret_data(workload: Workload, values: Mapping[str, str]) -> dict[str, str]:
    """Values of variables under their secrets' names, and whole files under their keys."""
    data = {
        value.name: values[value.name]
        for container in (*workload.init, *workload.containers)
        for _, value in container.env
        if isinstance(value, Secret)
    }
    data |= {file.key: file.text(values) for file in workload.files if file.is_secret}
    return dict(sorted(data.items()))


def _store(workload: Workload, kind: str, name: str, data: Mapping[str, object]) -> Manifest:
    service = workload.service
    return manifest(
        "v1",
        kind,
        name,
        namespace=service.namespace,
        labels={NAME_LABEL: service.name},
        immutable=True,
        data=data,
    )
