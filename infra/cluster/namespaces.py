"""Namespaces, and which pods each admits. An administrator makes them, Pulumi looks them up."""

from collections.abc import Iterator, Mapping

from infra.cluster.metadata import ADMINISTRATOR, GATEWAY_ACCESS_LABEL, common_labels

Labels = Mapping[str, str]


def namespace_labels(name: str, *, enforce: bool) -> Labels:
    """Return the labels of a namespace that admits only pods of the standard `restricted`.

    Without `enforce` the API server admits other pods too, but warns and writes an audit record.
    """
    modes = ("enforce", "audit", "warn") if enforce else ("audit", "warn")
    return {
        **common_labels(name),
        **ADMINISTRATOR,
        GATEWAY_ACCESS_LABEL: "true",
        **{
            f"pod-security.kubernetes.io/{mode}{suffix}": value
            for mode in modes
            for suffix, value in (("", "restricted"), ("-version", "latest"))
        },
    }


def differences(declared: Labels, found: Labels) -> Iterator[tuple[str, str, str]]:
    """Yield the labels that are not as declared: which, what was found, and what is declared."""
    for label, value in declared.items():
        if found.get(label) != value:
            yield label, found.get(label, "nothing"), value
