"""Asks container registries through `crane` of go-containerregistry.

crane knows what `docker login`, `gcloud auth configure-docker` and their like have set up: Docker's
configuration and the credential helpers that it names.
"""

import re
import subprocess
import threading

from operations.releases.registry.errors import RegistryUnavailable
from operations.releases.registry.names import Repository, is_digest, is_tag, repository_of
from toolchain.resolver import default

_SECONDS = 30.0
_ABSENT = re.compile(r"\b(NAME_UNKNOWN|MANIFEST_UNKNOWN|status code 404)\b")
_DENIED = re.compile(r"\b(UNAUTHORIZED|DENIED|status code 40[13])\b")
_BUSY = re.compile(r"\b(TOOMANYREQUESTS|status code 429)\b")


class Registry:
    """Asks whichever registry an image lives in. Safe to use from several threads.

    A registry that could not be reached once is not asked again by the same object.
    """

    def __init__(self, *, seconds: float = _SECONDS) -> None:
        """`seconds` is how long a registry may take for one answer."""
        self._seconds = seconds
        self._silent: dict[str, RegistryUnavailable] = {}
        self._lock = threading.Lock()

    def tags(self, image: str) -> list[str]:
        """All tags of an image (a repository such as `ghcr.io/serlo/frontend`), in no order.

        Empty when the registry knows no such image. Raises RegistryUnavailable.
        """
        repository = repository_of(image)
        listed = self._ask("ls", repository, str(repository))
        return [name for name in (listed or "").splitlines() if is_tag(name)]

    def digest(self, image: str, tag: str) -> str | None:
        """The digest (`sha256:…`) that a tag has now; None when the registry has no such tag.

        For an image of several platforms, that of the index. `tag` may be a digest itself. Raises
        RegistryUnavailable.
        """
        repository = repository_of(image)
        if not is_digest(tag) and not is_tag(tag):
            return None
        reference = f"{repository}{'@' if is_digest(tag) else ':'}{tag}"
        answer = self._ask("digest", repository, reference)
        if answer is None:
            return None
        digest = answer.strip()
        if not is_digest(digest):
            raise RegistryUnavailable(f"{repository.registry} names the digest {digest!r}")
        return digest

    def _ask(self, question: str, repository: Repository, reference: str) -> str | None:
        """What crane prints; None if the registry has no such thing."""
        with self._lock:
            silent = self._silent.get(repository.registry)
        if silent is not None:
            raise silent
        crane = default().find("crane")
        if crane is None:
            raise RegistryUnavailable("crane is missing; get it with: serlo tools --install")
        try:
            done = subprocess.run(
                [crane.path, question, reference],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            late = f"{repository.registry} did not answer within {self._seconds:g} s"
            raise self._remember(repository, late) from None
        if done.returncode == 0:
            return done.stdout
        if _ABSENT.search(done.stderr):
            return None
        raise self._failure(repository, done.stderr)

    def _failure(self, repository: Repository, said: str) -> RegistryUnavailable:
        """The last line says what went wrong; it may quote what a server sent."""
        if _DENIED.search(said):  # Registries do not tell what is private from what is not there.
            return RegistryUnavailable(
                f"{repository.registry} does not show {repository.name}: it does not exist, or the "
                "credentials of Docker's configuration do not open it"
            )
        if _BUSY.search(said):
            return self._remember(repository, f"{repository.registry} takes no more requests (429)")
        line = (said.strip().splitlines() or ["it failed without a message"])[-1]
        reason = line.removeprefix("Error: ").rpartition(f"{repository}: ")[2]
        return self._remember(repository, f"{repository.registry} cannot be asked: {reason}")

    def _remember(self, repository: Repository, reason: str) -> RegistryUnavailable:
        printable = "".join(c for c in reason if c.isprintable())[:300]
        error = RegistryUnavailable(printable)
        with self._lock:
            return self._silent.setdefault(repository.registry, error)
