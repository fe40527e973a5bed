"""The pinned tools as plain data: which version, how it is had, how its version is asked for."""

from __future__ import annotations

from dataclasses import dataclass

KUBERNETES = "v1.36.3"
PULUMI = "v3.259.0"
ETCD = "v3.6.16"
KWOK = "v0.8.0"
HELM = "v4.3.1"
GATEWAY_API = "v1.5.0"


@dataclass(frozen=True)
class GoBuild:
    """A command built from Go modules: `module` is a folder below toolchain/go with a go.mod."""

    module: str
    package: str
    stamps: tuple[str, ...] = ()
    """Linker settings (`variable=value`) that write the version into the binary."""
    usual: str = "a few minutes"
    """How long a build from nothing takes on two cores, for the progress display."""


@dataclass(frozen=True)
class GoFolder:
    """Data carried by a Go module: `folder` of `package`, pinned in toolchain/go/`module`."""

    module: str
    package: str
    folder: str = ""


@dataclass(frozen=True)
class Entry:
    """One tool: its name, its exact version and how it is had when the machine has none."""

    name: str
    version: str
    source: GoBuild | GoFolder
    version_arguments: tuple[str, ...] = ("--version",)
    """What makes the executable print its version."""


_KUBERNETES_STAMPS = (
    f"k8s.io/component-base/version.gitVersion={KUBERNETES}",
    "k8s.io/component-base/version.gitMajor=1",
    "k8s.io/component-base/version.gitMinor=36",
    f"k8s.io/client-go/pkg/version.gitVersion={KUBERNETES}",
)


def _kubernetes(name: str, *, usual: str, version_arguments: tuple[str, ...]) -> Entry:
    build = GoBuild("kubernetes", f"k8s.io/kubernetes/cmd/{name}", _KUBERNETES_STAMPS, usual)
    return Entry(name, KUBERNETES, build, version_arguments)


_ENTRIES = (
    Entry(
        "pulumi",
        PULUMI,
        GoBuild(
            "pulumi",
            "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            (f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PULUMI}",),
            usual="7 min",
        ),
        ("version",),
    ),
    Entry("etcd", ETCD, GoBuild("etcd", "go.etcd.io/etcd/server/v3", usual="1 min")),
    _kubernetes("kube-apiserver", usual="8 min", version_arguments=("--version",)),
    _kubernetes("kube-controller-manager", usual="2 min", version_arguments=("--version",)),
    _kubernetes("kube-scheduler", usual="1 min", version_arguments=("--version",)),
    _kubernetes("kubectl", usual="2 min", version_arguments=("version", "--client")),
    Entry(
        "kwok",
        KWOK,
        GoBuild(
            "kwok",
            "sigs.k8s.io/kwok/cmd/kwok",
            (f"sigs.k8s.io/kwok/pkg/consts.Version={KWOK}",),
            usual="2 min",
        ),
    ),
    Entry(
        "helm",
        HELM,
        GoBuild(
            "helm",
            "helm.sh/helm/v4/cmd/helm",
            (f"helm.sh/helm/v4/internal/version.version={HELM}",),
            usual="4 min",
        ),
        ("version", "--short"),
    ),
    Entry("gateway-api", GATEWAY_API, GoFolder("gateway-api", "sigs.k8s.io/gateway-api")),
    Entry("kwok-stages", KWOK, GoFolder("kwok", "sigs.k8s.io/kwok", "kustomize/stage")),
)

CATALOGUE: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
