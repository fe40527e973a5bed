"""Which components a rehearsal has, and how the Python servers among them are called."""

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rehearsal.component import Component
from rehearsal.control_plane import components, ports
from rehearsal.control_plane.components import ControlPlane
from rehearsal.control_plane.layout import Layout
from rehearsal.control_plane.nodes import NodePool

_PORTS = ("origin", "cloudflare-api", "edge")


def assemble(layout: Layout, settings: dict[str, Any], tools: Mapping[str, Path]) -> ControlPlane:
    """The components that the settings ask for, in the order of their start.

    Call only while none of them runs. Raises OSError, PortTaken.
    """
    plane = components.prepare(
        layout,
        tools,
        pools=[NodePool(**pool) for pool in settings["pools"]],
        kubelet_version=settings["versions"]["kube-apiserver"],
    )
    chosen = ports.ensure(layout.ports, _PORTS)
    all_components = [
        *plane.components,
        _origin(layout, chosen, _option("--lookups", settings["lookups"])),
        _cloudflare(layout, chosen, _option("--recordings", settings["recordings"])),
    ]
    wanted = [one for one in all_components if one.name in settings["components"]]
    return ControlPlane(plane.server, wanted)


def _option(name: str, file: str | None) -> Sequence[str]:
    return (name, file) if file else ()


def _origin(layout: Layout, chosen: Mapping[str, int], options: Sequence[str]) -> Component:
    command = [
        *(sys.executable, "-m", "rehearsal.origin"),
        *("--kubeconfig", str(layout.component_kubeconfig("origin"))),
        *("--port", str(chosen["origin"])),
        *options,
    ]
    # It keeps trying until the preparations for kwok have given it its rights and the CRDs.
    after = ("kube-apiserver",)
    return Component("origin", lambda: command, lambda: True, after=after, announces=True)


def _cloudflare(layout: Layout, chosen: Mapping[str, int], options: Sequence[str]) -> Component:
    command = [
        *(sys.executable, "-m", "rehearsal.cloudflare"),
        *("--state", str(layout.root / "cloudflare")),
        *("--origin", f"http://127.0.0.1:{chosen['origin']}"),
        *("--api-port", str(chosen["cloudflare-api"])),
        *("--edge-port", str(chosen["edge"])),
        *options,
    ]
    return Component(
        "cloudflare",
        lambda: command,
        lambda: True,
        announces=True,
        # It has a child of its own (workerd), which it must end.
        death_signal=signal.SIGTERM,
    )
