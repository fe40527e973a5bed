"""What the filters of an HTTPRoute's rule do to a request on its way to a pod."""

from collections.abc import Mapping

from k8s import JsonObject, items, section


def at_the_pod(rule: JsonObject, headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as the pod sees them; names in lower case, before and after.

    Of the filters only RequestHeaderModifier concerns them: it sets, adds and removes, in this
    order, which the Gateway API leaves open since no header may be named twice.
    """
    seen = dict(headers)
    for entry in items(rule, "filters"):
        modifier = section(entry, "requestHeaderModifier")
        for header in items(modifier, "set"):
            seen[header["name"].lower()] = header["value"]
        for header in items(modifier, "add"):
            name = header["name"].lower()
            seen[name] = f"{seen[name]},{header['value']}" if name in seen else header["value"]
        names: list[str] = modifier.get("remove") or []
        for name in names:
            seen.pop(name.lower(), None)
    return seen
