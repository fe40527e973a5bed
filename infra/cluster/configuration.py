"""What a service is given to read: its Secret and its ConfigMap.

The name of either ends in a fingerprint of what is in it, and neither can be changed. So new values
roll the pods, and pods of the previous release keep theirs meanwhile.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from json import dumps

from infra.declaration.values import SecretRef
from infra.workloads import Workload


@dataclass(frozen=True)
class Stores:
    """The names and the data of a service's Secret and ConfigMap; no data means no such object.

    `secret_data` holds bare values in base64; the component that registers them makes them secret.
    """

    secret: str
    secret_data: Mapping[str, str]
    config: str
    config_data: Mapping[str, str]


def stores(workload: Workload, values: Mapping[str, str]) -> Stores:
    """Return what a service is given to read. `values`: secrets by name."""
    secret_data = _secret_data(workload, values)
    config_data = {file.key: file.text({}) for file in workload.files if not file.is_secret}
    secret_name, config_name = (
        f"{workload.service.name}-{fingerprint(data)}" for data in (secret_data, config_data)
    )
    coded = {key: b64encode(text.encode()).decode() for key, text in secret_data.items()}
    return Stores(secret_name, coded, config_name, config_data)


def fingerprint(data: object) -> str:
    """Ten hexadecimal digits (40 bits) that stand for some JSON-like data."""
    return sha256(dumps(data, sort_keys=True).encode()).hexdigest()[:10]


def _secret_data(workload: Workload, values: Mapping[str, str]) -> dict[str, str]:
    """Values of variables under their secrets' names, and whole files under their keys."""
    data = {
        value.name: values[value.name]
        for container in (*workload.init_containers, *workload.containers)
        for _, value in container.env
        if isinstance(value, SecretRef)
    }
    data |= {file.key: file.text(values) for file in workload.files if file.is_secret}
    return dict(sorted(data.items()))
