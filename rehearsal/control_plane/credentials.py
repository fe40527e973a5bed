"""Who may talk to the API server: random tokens, and a kubeconfig for each identity."""

import base64
import csv
import io
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from rehearsal.control_plane.layout import Layout
from rehearsal.files import write_private

CONTEXT = "rehearsal"
DEPLOYER = "deployer"
DEPLOYER_USER = f"rehearsal:{DEPLOYER}"
READER = "reader"
READER_USER = f"rehearsal:{READER}"


@dataclass(frozen=True)
class Identity:
    """A user of the API server, and the component that has its kubeconfig (None: the person).

    `context` is its name there.
    """

    user: str
    component: str | None
    groups: tuple[str, ...] = ()
    context: str = CONTEXT


# The rights of the last two are in bootstrap.py; those of the others come with Kubernetes, except
# the deployer's and the reader's, who have none until somebody gives them some.
IDENTITIES = (
    Identity("rehearsal-admin", None, ("system:masters",)),
    Identity(DEPLOYER_USER, None, context=DEPLOYER),
    Identity(READER_USER, None, context=READER),
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
    for component in dict.fromkeys(identity.component for identity in IDENTITIES):
        path = layout.component_kubeconfig(component) if component else layout.kubeconfig
        users = {
            identity.context: (identity.user, tokens[identity.user])
            for identity in IDENTITIES
            if identity.component == component
        }
        write_private(path, kubeconfig(server, authority, users))


def kubeconfig(server: str, authority: bytes, users: Mapping[str, tuple[str, str]]) -> str:
    """A kubeconfig that verifies the server by `authority` (PEM). JSON, which is YAML too.

    `users` has the user and token of each context; the first context is the current one.
    """
    encoded = base64.b64encode(authority).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": next(iter(users)),
        "clusters": [
            {
                "name": CONTEXT,
                "cluster": {"server": server, "certificate-authority-data": encoded},
            }
        ],
        "users": [{"name": user, "user": {"token": token}} for user, token in users.values()],
        "contexts": [
            {"name": context, "context": {"cluster": CONTEXT, "user": user}}
            for context, (user, _) in users.items()
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _known_tokens(layout: Layout) -> dict[str, str]:
    try:
        rows = list(csv.reader(layout.tokens.read_text().splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return {row[1]: row[0] for row in rows if len(row) == 4 and len(row[0]) >= 43}
