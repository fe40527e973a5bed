"""Where things are in the state folder of a rehearsal. Knows paths only."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The files of the control plane below the state folder `root`."""

    root: Path

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of the administrator, context `rehearsal`."""
        return self.root / "kubeconfig"

    @property
    def faults(self) -> Path:
        """Which images fail, and how; see faults.py."""
        return self.root / "faults.yaml"

    @property
    def logs(self) -> Path:
        """One log file per component."""
        return self.root / "logs"

    def log(self, component: str) -> Path:
        """The log file of one component."""
        return self.logs / f"{component}.log"

    @property
    def audit(self) -> Path:
        """What the deployer and the reader asked of the API server; see audit.py."""
        return self.logs / "audit.log"

    @property
    def control_plane(self) -> Path:
        """What only the control plane itself reads."""
        return self.root / "control_plane"

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.control_plane / "pki"

    @property
    def tokens(self) -> Path:
        """The API server's token file: one identity a line."""
        return self.control_plane / "tokens.csv"

    @property
    def audit_policy(self) -> Path:
        """What the API server writes into its audit log."""
        return self.control_plane / "audit-policy.json"

    @property
    def ports(self) -> Path:
        """The ports that were given to the components."""
        return self.control_plane / "ports.json"

    @property
    def etcd(self) -> Path:
        """The data of etcd: every object of the rehearsed cluster."""
        return self.control_plane / "etcd"

    @property
    def stages(self) -> Path:
        """What kwok does with pods and nodes, generated."""
        return self.control_plane / "stages.yaml"

    def component_kubeconfig(self, component: str) -> Path:
        """The kubeconfig with the identity of one component."""
        return self.control_plane / f"{component}.kubeconfig"
