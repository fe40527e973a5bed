"""The programs of the control plane as components for the supervisor."""

import logging
import shutil
import signal
import ssl
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from k8s import Cluster
from rehearsal.component import Component
from rehearsal.control_plane import (
    audit,
    bootstrap,
    commands,
    credentials,
    faults,
    pki,
    ports,
    stages,
)
from rehearsal.control_plane.layout import Layout
from rehearsal.control_plane.nodes import NodePool
from rehearsal.files import write_private

log = logging.getLogger(__name__)

NAMES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
TOOLS = (*NAMES, "gateway-api", "kwok-stages")

_PROBE_SECONDS = 2.0


@dataclass(frozen=True)
class ControlPlane:
    """A prepared control plane: credentials and ports are there, nothing runs yet."""

    server: str
    components: list[Component]


def prepare(
    layout: Layout,
    tools: Mapping[str, Path],
    *,
    pools: Sequence[NodePool],
    kubelet_version: str,
) -> ControlPlane:
    """Make or renew credentials, choose ports, and describe the components.

    `tools` has the paths of TOOLS. Call only while none of the components runs.
    Raises OSError, PortTaken.
    """
    renewed = pki.ensure(layout.pki)
    chosen = ports.ensure(layout.ports, commands.PORTS)
    server = commands.server(chosen)
    credentials.ensure(layout, server, renew=renewed)
    write_private(layout.audit_policy, audit.policy())
    # Asked by readiness checks only, which are repeated anyway.
    cluster = Cluster.from_kubeconfig(str(layout.kubeconfig), retry_seconds=0)
    # Waits a little for an API server that is busy starting.
    patient = Cluster.from_kubeconfig(str(layout.kubeconfig), retry_seconds=20)
    custom_resources = bootstrap.read_custom_resources(tools["gateway-api"])
    kwok = _Kwok(
        layout,
        tools,
        lambda: bootstrap.install(patient, custom_resources, pools, kubelet_version),
    )

    def etcd_ready() -> bool:
        url = f"https://127.0.0.1:{chosen['etcd-client']}/health"
        return b'"true"' in _get(url, _tls(layout.pki, "etcd-ca", "etcd-client"))

    def api_ready() -> bool:
        return cluster.request_raw("GET", "/readyz") == b"ok"

    def controllers_ready() -> bool:
        _healthy(layout, chosen["kube-controller-manager"])
        return bootstrap.controllers_ready(cluster)

    def scheduler_ready() -> bool:
        return _healthy(layout, chosen["kube-scheduler"])

    def nodes_ready() -> bool:
        return bootstrap.nodes_ready(cluster, pools)

    return ControlPlane(
        server,
        [
            Component(
                "etcd",
                lambda: commands.etcd(tools["etcd"], layout, chosen),
                etcd_ready,
                recover=lambda: _forget_data(layout),
            ),
            Component(
                "kube-apiserver",
                lambda: commands.kube_apiserver(tools["kube-apiserver"], layout, chosen),
                api_ready,
                after=("etcd",),
                # Every answer it gave is in etcd; else it would wait for all who watch.
                stop_signal=signal.SIGKILL,
            ),
            Component(
                "kube-controller-manager",
                lambda: commands.kube_controller_manager(
                    tools["kube-controller-manager"], layout, chosen
                ),
                controllers_ready,
                after=("kube-apiserver",),
            ),
            Component(
                "kube-scheduler",
                lambda: commands.kube_scheduler(tools["kube-scheduler"], layout, chosen),
                scheduler_ready,
                after=("kube-apiserver",),
            ),
            Component(
                "kwok",
                kwok.command,
                nodes_ready,
                after=("kube-apiserver",),
                configuration=kwok.configuration,
            ),
        ],
    )


class _Kwok:
    """kwok's command line, with all that must be there before it starts."""

    def __init__(
        self, layout: Layout, tools: Mapping[str, Path], install: Callable[[], None]
    ) -> None:
        self._layout = layout
        self._tools = tools
        self._install = install
        self._installed = False
        self._faults = faults.Faults()
        self._seen: tuple[int, int] | None = None

    def command(self) -> list[str]:
        if not self._installed:
            self._install()
            self._installed = True
        write_private(self._layout.stages, stages.render(self._tools["kwok-stages"], self._faults))
        return commands.kwok(self._tools["kwok"], self._layout, self._incarnation())

    def configuration(self) -> str:
        """The fingerprint of the faults file; of the last good one while it cannot be read."""
        try:
            stat = self._layout.faults.stat()
            seen = (stat.st_mtime_ns, stat.st_size)
        except FileNotFoundError:
            seen = (0, 0)
        if seen != self._seen:
            self._seen = seen
            try:
                self._faults = faults.read(self._layout.faults)
            except faults.FaultsError as error:
                log.error("%s (the faults of before stay in force)", error)  # noqa: TRY400
        return faults.fingerprint(self._faults)

    def _incarnation(self) -> int:
        path = self._layout.control_plane / "kwok-incarnation"
        try:
            number = int(path.read_text()) + 1
        except (OSError, ValueError):
            number = 0
        write_private(path, str(number))
        return number


def _forget_data(layout: Layout) -> bool:
    """Drop data that etcd cannot read (the machine lost power, say); True if there was any."""
    if not layout.etcd.exists():
        return False
    log.warning("etcd cannot use its data in %s: starting with an empty cluster", layout.etcd)
    if layout.etcd.is_dir():
        shutil.rmtree(layout.etcd, ignore_errors=True)
    else:
        layout.etcd.unlink(missing_ok=True)
    return not layout.etcd.exists()


def _healthy(layout: Layout, port: int) -> bool:
    return _get(f"https://127.0.0.1:{port}/healthz", _tls(layout.pki, "ca")) == b"ok"


def _tls(folder: Path, authority: str, client: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / f"{authority}.crt")
    if client:
        context.load_cert_chain(folder / f"{client}.crt", folder / f"{client}.key")
    return context


def _get(url: str, tls: ssl.SSLContext) -> bytes:
    # No proxy of the environment: everything is on this machine.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls)
    )
    with opener.open(url, timeout=_PROBE_SECONDS) as answer:
        return answer.read()
