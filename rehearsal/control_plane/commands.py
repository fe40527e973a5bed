"""How each program of the control plane is called. Flags only; everything is on 127.0.0.1."""

from collections.abc import Mapping
from pathlib import Path

from rehearsal.control_plane import audit
from rehearsal.control_plane.layout import Layout

SERVICE_ADDRESSES = "10.96.0.0/16"
PORTS = (
    "etcd-client",
    "etcd-peer",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
)

# Controllers without anything to do here: there is no cloud, no kubelet that asks for
# certificates, no device. Each saves a little memory and time at the start.
_UNUSED_CONTROLLERS = (
    "certificatesigningrequest-approving-controller",
    "certificatesigningrequest-cleaner-controller",
    "certificatesigningrequest-signing-controller",
    "device-taint-eviction-controller",
    "kube-apiserver-serving-clustertrustbundle-publisher-controller",
    "legacy-serviceaccount-token-cleaner-controller",
    "node-ipam-controller",
    "node-route-controller",
    "persistentvolume-expander-controller",
    "podcertificaterequest-cleaner-controller",
    "resourceclaim-controller",
    "service-lb-controller",
    "storage-version-migrator-controller",
)


def server(ports: Mapping[str, int]) -> str:
    """The URL of the API server."""
    return f"https://127.0.0.1:{ports['kube-apiserver']}"


def etcd(program: Path, layout: Layout, ports: Mapping[str, int]) -> list[str]:
    """etcd: clients and peers need a certificate of its own authority."""
    client = f"https://127.0.0.1:{ports['etcd-client']}"
    peer = f"https://127.0.0.1:{ports['etcd-peer']}"
    certificate, key = str(layout.pki / "etcd.crt"), str(layout.pki / "etcd.key")
    authority = str(layout.pki / "etcd-ca.crt")
    return [
        str(program),
        "--name=rehearsal",
        f"--data-dir={layout.etcd}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=rehearsal={peer}",
        f"--cert-file={certificate}",
        f"--key-file={key}",
        f"--trusted-ca-file={authority}",
        "--client-cert-auth",
        f"--peer-cert-file={certificate}",
        f"--peer-key-file={key}",
        f"--peer-trusted-ca-file={authority}",
        "--peer-client-cert-auth",
        # The data outlives a killed process, not a machine without power: it can be made again.
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def kube_apiserver(program: Path, layout: Layout, ports: Mapping[str, int]) -> list[str]:
    """The API server: tokens only, RBAC, the default admission plugins (PodSecurity is one)."""
    pki = layout.pki
    return [
        str(program),
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={ports['kube-apiserver']}",
        # Loopback is no address that an Endpoints object may name.
        "--endpoint-reconciler-type=none",
        f"--audit-policy-file={layout.audit_policy}",
        f"--audit-log-path={layout.audit}",
        f"--audit-log-maxsize={audit.MEGABYTES_AT_MOST}",
        "--audit-log-maxbackup=1",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--etcd-servers=https://127.0.0.1:{ports['etcd-client']}",
        f"--etcd-cafile={pki / 'etcd-ca.crt'}",
        f"--etcd-certfile={pki / 'etcd-client.crt'}",
        f"--etcd-keyfile={pki / 'etcd-client.key'}",
        "--anonymous-auth=false",
        f"--token-auth-file={layout.tokens}",
        "--authorization-mode=Node,RBAC",
        # As on GKE: what a pod may do is for PodSecurity to say, namespace by namespace.
        "--allow-privileged=true",
        f"--service-account-key-file={pki / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-cluster-ip-range={SERVICE_ADDRESSES}",
        "--delete-collection-workers=8",
        "--event-ttl=1h",
        "--profiling=false",
        "--shutdown-delay-duration=0s",
    ]


def kube_controller_manager(program: Path, layout: Layout, ports: Mapping[str, int]) -> list[str]:
    """The controllers, each with its own service account, in a hurry."""
    pki = layout.pki
    unused = ",".join(f"-{name}" for name in _UNUSED_CONTROLLERS)
    return [
        str(program),
        *_served(pki, ports["kube-controller-manager"]),
        f"--kubeconfig={layout.component_kubeconfig('kube-controller-manager')}",
        "--leader-elect=false",
        f"--controllers=*,{unused}",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={pki / 'service-accounts.key'}",
        f"--root-ca-file={pki / 'ca.crt'}",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
        "--concurrent-deployment-syncs=20",
        "--concurrent-replicaset-syncs=20",
        "--concurrent-statefulset-syncs=10",
        "--concurrent-service-endpoint-syncs=10",
        "--concurrent-namespace-syncs=20",
        # A new autoscaler is first looked at after one period.
        "--horizontal-pod-autoscaler-sync-period=5s",
        # kwok reports nodes every ten minutes and keeps no leases (see decision 0003).
        "--node-monitor-grace-period=1h",
        "--node-startup-grace-period=1h",
    ]


def kube_scheduler(program: Path, layout: Layout, ports: Mapping[str, int]) -> list[str]:
    """The scheduler."""
    return [
        str(program),
        *_served(layout.pki, ports["kube-scheduler"]),
        f"--kubeconfig={layout.component_kubeconfig('kube-scheduler')}",
        "--leader-elect=false",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
    ]


def kwok(program: Path, layout: Layout, incarnation: int) -> list[str]:
    """kwok, which plays the kubelets of all nodes.

    It forgets which pod addresses are taken when it ends, so each incarnation draws from a
    range of its own.
    """
    return [
        str(program),
        f"--kubeconfig={layout.component_kubeconfig('kwok')}",
        f"--config={layout.stages}",
        "--manage-all-nodes=true",
        # With leases, a restarted kwok would wait 40 s for those of the one before it.
        "--node-lease-duration-seconds=0",
        "--node-ip=10.156.0.2",
        "--v=WARN",
        f"--cidr=10.{100 + incarnation % 100}.0.1/16",
    ]


def _served(pki: Path, port: int) -> list[str]:
    return [
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        "--authentication-skip-lookup",
        "--profiling=false",
    ]
