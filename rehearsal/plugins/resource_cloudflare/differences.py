"""Which inputs differ, as property paths that the engine shows."""

from collections.abc import Iterator, Mapping
from typing import Literal, cast

from k8s.properties import OutputValue, PropertyValue, Secret

Kind = Literal["ADD", "DELETE", "UPDATE"]


def differences(
    old: Mapping[str, PropertyValue], new: Mapping[str, PropertyValue]
) -> Iterator[tuple[str, Kind]]:
    """The paths at which `new` differs from `old`. An unknown value differs from every other.

    A property that is null is as good as one that is absent; that a value became secret, or is
    one no longer, is no difference to Cloudflare.
    """
    yield from _in_objects(_present(old), _present(new), "")


def _in_objects(
    old: Mapping[str, PropertyValue], new: Mapping[str, PropertyValue], path: str
) -> Iterator[tuple[str, Kind]]:
    for name in sorted(old.keys() | new.keys()):
        below = _member(path, name)
        if name not in new:
            yield below, "DELETE"
        elif name not in old:
            yield below, "ADD"
        else:
            yield from _in_values(old[name], new[name], below)


def _in_values(old: PropertyValue, new: PropertyValue, path: str) -> Iterator[tuple[str, Kind]]:
    old, new = unwrapped(old), unwrapped(new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _in_objects(
            _present(cast(Mapping[str, PropertyValue], old)),
            _present(cast(Mapping[str, PropertyValue], new)),
            path,
        )
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_lists(cast(list[PropertyValue], old), cast(list[PropertyValue], new), path)
    # Python holds 1 and True for equal.
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield path, "UPDATE"


def _in_lists(
    old: list[PropertyValue], new: list[PropertyValue], path: str
) -> Iterator[tuple[str, Kind]]:
    for index in range(max(len(old), len(new))):
        below = f"{path}[{index}]"
        if index >= len(new):
            yield below, "DELETE"
        elif index >= len(old):
            yield below, "ADD"
        else:
            yield from _in_values(old[index], new[index], below)


def _member(path: str, name: str) -> str:
    if not name.replace("_", "").isalnum():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{quoted}"]'
    return f"{path}.{name}" if path else name


def _present(value: Mapping[str, PropertyValue]) -> dict[str, PropertyValue]:
    return {
        name: element
        for name, element in value.items()
        if unwrapped(element) is not None and not name.startswith("__")
    }


def unwrapped(value: PropertyValue) -> PropertyValue:
    """A value without the secret or output around it; what is inside it stays wrapped."""
    while isinstance(value, (Secret, OutputValue)):
        value = value.value
    return value
