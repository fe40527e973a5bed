"""Properties on Pulumi's wire (protobuf Structs) as Python values, and back.

Plain values become `None`, `bool`, `int`, `float`, `str`, `list` and `dict`. What JSON cannot say
has a class or value of its own: `Secret`, `UNKNOWN`, `OutputValue`, `Asset`, `Archive`,
`ResourceReference`. The signatures are those of the engine (sdk/go/common/resource/sig).
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from google.protobuf.struct_pb2 import Struct, Value

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public signature
RESOURCE_REFERENCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT_VALUE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
BYTE_STRING: Final = "803fd3297a5875dc03ca845dda5d2a98"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"

UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_TEXTS: Final = frozenset(
    {
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)

# Beyond this a float no longer holds every integer, so it stays a float.
_LARGEST_EXACT_INTEGER: Final = 2.0**53

PropertyValue: TypeAlias = Any
PropertyMap: TypeAlias = dict[str, Any]


class Unknown:
    """A value that is known only after the update; there is one, `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts in its state and masks in its output."""

    value: PropertyValue

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True)
class OutputValue:
    """An output with its dependencies; sent only to plugins that accept outputs."""

    value: PropertyValue
    """UNKNOWN when it is not known yet."""
    secret: bool = False
    dependencies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asset:
    """A file's contents: exactly one of `text`, `path` and `uri`."""

    text: str | None = None
    path: str | None = None
    uri: str | None = None
    hash: str = ""


@dataclass(frozen=True)
class Archive:
    """Several files: `assets` by name, or a `path` or `uri` of an archive."""

    assets: Mapping[str, "Asset | Archive"] | None = None
    path: str | None = None
    uri: str | None = None
    hash: str = ""


@dataclass(frozen=True)
class ResourceReference:
    """A resource as a value; sent only to plugins that accept resources."""

    urn: str
    id: PropertyValue = None
    package_version: str = ""


def from_struct(struct: Struct) -> PropertyMap:
    """The properties of a Struct. Raises ValueError for a signature that is not known."""
    return {key: from_value(value) for key, value in struct.fields.items()}


def from_value(value: Value) -> PropertyValue:
    """One value of the wire. Raises ValueError for a signature that is not known."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        # All sentinels are UUIDs; comparing lengths first spares most strings the look-up.
        return UNKNOWN if len(text) == 36 and text in _UNKNOWN_TEXTS else text
    if kind == "struct_value":
        fields = value.struct_value.fields
        plain = {key: from_value(field) for key, field in fields.items()}
        return _signed(plain) if SIGNATURE_KEY in plain else plain
    if kind == "list_value":
        return [from_value(element) for element in value.list_value.values]
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        exact = number.is_integer() and abs(number) <= _LARGEST_EXACT_INTEGER
        return int(number) if exact else number
    return None


def from_plain(value: PropertyValue) -> PropertyValue:
    """A value of the wire that is plain JSON. Raises ValueError for an unknown signature."""
    if isinstance(value, str):
        return UNKNOWN if len(value) == 36 and value in _UNKNOWN_TEXTS else value
    if isinstance(value, Mapping):
        members = cast(Mapping[str, PropertyValue], value)
        plain = {key: from_plain(member) for key, member in members.items()}
        return _signed(plain) if SIGNATURE_KEY in plain else plain
    if isinstance(value, list):
        return [from_plain(element) for element in cast(list[PropertyValue], value)]
    return value


def _signed(fields: PropertyMap) -> PropertyValue:
    signature = fields[SIGNATURE_KEY]
    if signature == SECRET:
        return Secret(fields.get("value"))
    if signature == OUTPUT_VALUE:
        return OutputValue(
            value=fields.get("value", UNKNOWN),
            secret=bool(fields.get("secret", False)),
            dependencies=tuple(fields.get("dependencies") or ()),
        )
    if signature == ASSET:
        return Asset(
            text=fields.get("text"),
            path=fields.get("path"),
            uri=fields.get("uri"),
            hash=fields.get("hash") or "",
        )
    if signature == ARCHIVE:
        return Archive(
            assets=fields.get("assets"),
            path=fields.get("path"),
            uri=fields.get("uri"),
            hash=fields.get("hash") or "",
        )
    if signature == RESOURCE_REFERENCE:
        return ResourceReference(
            urn=str(fields.get("urn") or ""),
            id=fields.get("id"),
            package_version=str(fields.get("packageVersion") or ""),
        )
    if signature == BYTE_STRING:
        # Only the engine's newest versions send these, to plugins that say they accept them.
        return base64.b64decode(str(fields.get("value") or "")).decode("utf-8", "surrogateescape")
    raise ValueError(f"unknown property signature {signature!r}")


def to_struct(properties: Mapping[str, PropertyValue]) -> Struct:
    """Properties as a Struct. Raises TypeError for a value that is no property."""
    struct = Struct()
    fields = struct.fields
    for key, value in properties.items():
        _encode(fields[key], value)
    return struct


def _encode(target: Value, value: PropertyValue) -> None:
    if isinstance(value, str):
        target.string_value = value
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif value is None:
        target.null_value = 0  # type: ignore[assignment]
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        fields = target.struct_value.fields
        for key, element in cast(Mapping[str, PropertyValue], value).items():
            _encode(fields[key], element)
    elif isinstance(value, (list, tuple)):
        target.list_value.SetInParent()
        values = target.list_value.values
        for element in cast(Iterable[PropertyValue], value):
            _encode(values.add(), element)
    elif isinstance(value, Secret):
        _encode(target, {SIGNATURE_KEY: SECRET, "value": value.value})
    elif isinstance(value, Unknown):
        target.string_value = UNKNOWN_STRING
    else:
        _encode(target, _sign(value))


def _sign(value: PropertyValue) -> PropertyMap:
    if isinstance(value, OutputValue):
        fields: PropertyMap = {SIGNATURE_KEY: OUTPUT_VALUE}
        if value.value is not UNKNOWN:
            fields["value"] = value.value
        if value.secret:
            fields["secret"] = True
        if value.dependencies:
            fields["dependencies"] = list(value.dependencies)
        return fields
    if isinstance(value, Asset):
        parts = {"hash": value.hash, "text": value.text, "path": value.path, "uri": value.uri}
        return {SIGNATURE_KEY: ASSET, **{k: v for k, v in parts.items() if v}}
    if isinstance(value, Archive):
        contents = {"hash": value.hash, "path": value.path, "uri": value.uri}
        fields = {SIGNATURE_KEY: ARCHIVE, **{k: v for k, v in contents.items() if v}}
        if value.assets is not None:
            fields["assets"] = value.assets
        return fields
    if isinstance(value, ResourceReference):
        fields = {SIGNATURE_KEY: RESOURCE_REFERENCE, "urn": value.urn}
        if value.id is not None:
            fields["id"] = value.id
        if value.package_version:
            fields["packageVersion"] = value.package_version
        return fields
    raise TypeError(f"{type(value).__name__} is not a property value")


def has_unknowns(value: PropertyValue) -> bool:
    """Whether anything in a value is not known yet."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Secret):
        return has_unknowns(value.value)
    if isinstance(value, OutputValue):
        return has_unknowns(value.value)
    if isinstance(value, Mapping):
        return any(has_unknowns(v) for v in cast(Mapping[str, PropertyValue], value).values())
    if isinstance(value, (list, tuple)):
        return any(has_unknowns(v) for v in cast(Iterable[PropertyValue], value))
    return False


def reveal(value: PropertyValue) -> PropertyValue:
    """A copy of a value without its secret and output wrappers."""
    if isinstance(value, (Secret, OutputValue)):
        return reveal(value.value)
    if isinstance(value, Mapping):
        mapping = cast(Mapping[str, PropertyValue], value)
        return {key: reveal(element) for key, element in mapping.items()}
    if isinstance(value, (list, tuple)):
        return [reveal(element) for element in cast(Iterable[PropertyValue], value)]
    return value
