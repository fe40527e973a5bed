"""A token server as registries have beside them: who asks for what, and what they get."""

import base64
import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ISSUER = "tests"
SERVICE = "registry-of-tests"


@dataclass(frozen=True)
class Asked:
    """A request for a token."""

    scope: str
    service: str
    user: str | None


class TokenServer:
    """Gives everybody `public/…`, and `private/…` to whom it knows.

    `settings` is what a registry gets to know about it; `asked` what was asked for.
    """

    def __init__(self, folder: Path, users: dict[str, str]) -> None:
        self._users = users
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _certificate(self._key)
        bundle = folder / "certificate.pem"
        bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        self.asked: list[Asked] = []
        app = Starlette(routes=[Route("/token", self._answer)])
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < deadline, "the token server does not start"
            self._thread.join(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.settings = {
            "token": {
                "realm": f"http://localhost:{port}/token",
                "service": SERVICE,
                "issuer": ISSUER,
                "rootcertbundle": str(bundle),
            }
        }

    def close(self) -> None:
        """Stop it."""
        self._server.should_exit = True
        self._thread.join(20)

    def token(self, repository: str, *actions: str) -> str:
        """A token that allows these actions."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": "tests",
            "aud": SERVICE,
            "exp": now + 300,
            "nbf": now - 10,
            "iat": now,
            "access": [{"type": "repository", "name": repository, "actions": list(actions)}],
        }
        der = self._certificate.public_bytes(serialization.Encoding.DER)
        header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    async def _answer(self, request: Request) -> Response:
        scope = request.query_params.get("scope", "")
        kind, basic = request.headers.get("authorization", " ").split(" ", 1)
        user = password = None
        if kind == "Basic":
            user, _, password = base64.b64decode(basic).decode().partition(":")
        self.asked.append(Asked(scope, request.query_params.get("service", ""), user))
        if user is not None and self._users.get(user) != password:
            return JSONResponse({"details": "incorrect username or password"}, status_code=401)
        _, repository, actions = scope.split(":")
        allowed = repository.startswith("public/") or user is not None
        return JSONResponse(
            {
                "token": self.token(repository, *(actions.split(",") if allowed else ())),
                "expires_in": 300,
            }
        )


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, ISSUER)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
