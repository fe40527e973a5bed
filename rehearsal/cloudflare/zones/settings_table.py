"""The settings of a zone: what each may be, what it is at first, and whether one may change it.

Read off Cloudflare's API schema (types `zones.*` of the official client); whether a setting can be
edited follows the plan the emulated zones have (Free).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True)
class Setting:
    """One setting: its first value, a test of new values, whether it can be edited."""

    default: object
    accepts: Callable[[object], bool]
    editable: bool = True


def _one_of(*values: object) -> Callable[[object], bool]:
    # Types are compared too: True equals 1 in Python.
    return lambda value: any(value == known and type(value) is type(known) for known in values)


def _number(least: int, most: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and least <= value <= most


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, str) for item in cast(list[object], value)
    )


def _switch(default: str, *, editable: bool = True) -> Setting:
    return Setting(default, _one_of("on", "off"), editable)


def _security_header(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    header = cast(dict[str, object], value).get("strict_transport_security")
    types = {"enabled": bool, "max_age": int, "include_subdomains": bool, "preload": bool}
    types["nosniff"] = bool
    return isinstance(header, dict) and all(
        name in types and isinstance(item, types[name])
        for name, item in cast(dict[str, object], header).items()
    )


def _nel(value: object) -> bool:
    return isinstance(value, dict) and isinstance(
        cast(dict[str, object], value).get("enabled"), bool
    )


_HOUR = 3600
_BROWSER_TTLS = (
    *(0, 30, 60, 120, 300, 1200, 1800, _HOUR, 2 * _HOUR, 3 * _HOUR, 4 * _HOUR, 5 * _HOUR),
    *(8 * _HOUR, 12 * _HOUR, 16 * _HOUR, 20 * _HOUR, 86400, 172800, 259200, 345600, 432000),
    *(691200, 1382400, 2073600, 2678400, 5356800, 16070400, 31536000),
)
_CHALLENGE_TTLS = (
    *(300, 900, 1800, 2700, _HOUR, 2 * _HOUR, 3 * _HOUR, 4 * _HOUR, 8 * _HOUR, 16 * _HOUR),
    *(86400, 604800, 2592000, 31536000),
)
_SECURITY_HEADER = {
    "strict_transport_security": {
        "enabled": False,
        "max_age": 0,
        "include_subdomains": False,
        "preload": False,
        "nosniff": False,
    }
}

SETTINGS: dict[str, Setting] = {
    "0rtt": _switch("off"),
    "advanced_ddos": _switch("on", editable=False),
    "always_online": _switch("off"),
    "always_use_https": _switch("off"),
    "automatic_https_rewrites": _switch("on"),
    "browser_cache_ttl": Setting(4 * _HOUR, _one_of(*_BROWSER_TTLS)),
    "browser_check": _switch("on"),
    "cache_level": Setting("aggressive", _one_of("aggressive", "basic", "simplified")),
    "challenge_ttl": Setting(1800, _one_of(*_CHALLENGE_TTLS)),
    "ciphers": Setting([], _texts),
    "cname_flattening": Setting(
        "flatten_at_root", _one_of("flatten_at_root", "flatten_all"), editable=False
    ),
    "development_mode": _switch("off"),
    "early_hints": _switch("off"),
    "email_obfuscation": _switch("on"),
    "h2_prioritization": Setting("off", _one_of("on", "off", "custom"), editable=False),
    "hotlink_protection": _switch("off"),
    "http2": _switch("on", editable=False),
    "http3": _switch("on"),
    "image_resizing": Setting("off", _one_of("on", "off", "open"), editable=False),
    "ip_geolocation": _switch("on"),
    "ipv6": _switch("on"),
    "max_upload": Setting(100, _one_of(100)),
    "min_tls_version": Setting("1.0", _one_of("1.0", "1.1", "1.2", "1.3")),
    "mirage": _switch("off", editable=False),
    "nel": Setting({"enabled": True}, _nel, editable=False),
    "opportunistic_encryption": _switch("on"),
    "opportunistic_onion": _switch("on"),
    "orange_to_orange": _switch("off", editable=False),
    "origin_error_page_pass_thru": _switch("off", editable=False),
    "polish": Setting("off", _one_of("off", "lossless", "lossy"), editable=False),
    "prefetch_preload": _switch("off", editable=False),
    "privacy_pass": _switch("on"),
    "proxy_read_timeout": Setting(100, _number(1, 6000), editable=False),
    "pseudo_ipv4": Setting("off", _one_of("off", "add_header", "overwrite_header")),
    "replace_insecure_js": _switch("on"),
    "response_buffering": _switch("off", editable=False),
    "rocket_loader": _switch("off"),
    "security_header": Setting(_SECURITY_HEADER, _security_header),
    "security_level": Setting(
        "medium", _one_of("off", "essentially_off", "low", "medium", "high", "under_attack")
    ),
    "server_side_exclude": _switch("on"),
    "sort_query_string_for_cache": _switch("off", editable=False),
    "ssl": Setting("full", _one_of("off", "flexible", "full", "strict")),
    "tls_1_2_only": _switch("off"),
    "tls_1_3": Setting("on", _one_of("on", "off", "zrt")),
    "tls_client_auth": _switch("off"),
    "true_client_ip_header": _switch("off", editable=False),
    "waf": _switch("off", editable=False),
    "webp": _switch("off", editable=False),
    "websockets": _switch("on"),
}
