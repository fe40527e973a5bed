"""Who may talk to the API server: random tokens, and a kubeconfig for each identity."""

import base64
import csv
import io
import json
import secrets
from dataclasses import dataclass

from rehearsal.control_plane.files import write_private
from rehearsal.control_plane.layout import Layout

CONTEXT = "rehearsal"


@dataclass(frozen=True)
class Identity:
    """A user of the API server, and the component that has its kubeconfig (None: the person)."""

    user: str
    component: str | None
    groups: tuple[str, ...] = ()


# The rights of the last two are in bootstrap.py; those of the others come with Kubernetes.
IDENTITIES = (
    Identity("rehearsal-admin", None, ("system:masters",)),
    Identity("system:kube-controller-manager", "kube-controller-manager"),
    Identity("system:kube-scheduler", "kube-scheduler"),
    Identity("rehearsal:kwok", "kwok"),
    Identity("rehearsal:origin", "origin"),
)


def ensure(layout: Layout, server: str, *, renew: bool) -> None:
    """Write the token file and the kubeconfigs for the API server at `server` (a URL).

    Tokens that are there already are kept unless `renew` is set, so that a kubeconfig somebody
    has loaded stays valid when the control plane is started again.
    """
    tokens = {} if renew else _known_tokens(layout)
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    for identity in IDENTITIES:
        token = tokens.get(identity.user) or secrets.token_urlsafe(32)
        tokens[identity.user] = token
        writer.writerow([token, identity.user, identity.user, ",".join(identity.groups)])
    write_private(layout.tokens, rows.getvalue())
    authority = (layout.pki / "ca.crt").read_bytes()
    for identity in IDENTITIES:
        path = (
            layout.component_kubeconfig(identity.component)
            if identity.component
            else layout.kubeconfig
        )
        write_private(path, kubeconfig(server, authority, identity.user, tokens[identity.user]))


def kubeconfig(server: str, authority: bytes, user: str, token: str) -> str:
    """A kubeconfig that verifies the server by `authority` (PEM). JSON, which is YAML too."""
    encoded = base64.b64encode(authority).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [
            {
                "name": CONTEXT,
                "cluster": {"server": server, "certificate-authority-data": encoded},
            }
        ],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": user}}],
    }
    return json.dumps(document, indent=2) + "\n"


def _known_tokens(layout: Layout) -> dict[str, str]:
    try:
        rows = list(csv.reader(layout.tokens.read_text().splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return {row[1]: row[0] for row in rows if len(row) == 4 and len(row[0]) >= 43}
