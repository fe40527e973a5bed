"""A small GitHub on this machine: the few paths that the workflows use, with what they changed."""

import io
import json
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from operations.github.api import AUTHOR, GitHub

REPOSITORY = "serlo/infrastructure"
TOKEN = "a token"


def packed(content: bytes, name: str = "comment.md") -> bytes:
    """A zip file with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


class Fake:
    """What is there, as GitHub says it."""

    def __init__(self) -> None:
        self.pulls: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.artifacts: dict[int, bytes] = {}
        self.files: list[str] = []
        self.changes: list[tuple[str, str]] = []
        """Method and path of every request that was not GET."""
        self.sent_to_storage: list[str | None] = []
        """What stood in Authorization where the files lie, which is another host."""
        self.queries: list[dict[str, str]] = []
        self.port = 0

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        if method != "GET":
            self.changes.append((method, path))
        self.queries.append(query)
        place = path.removeprefix(f"/repos/{REPOSITORY}")
        if method == "GET":
            return self._found(place, query)
        if place == "/issues":
            self.issues.append({**body, "number": 7, "state": "open"})
            return self.issues[-1]
        if place.endswith("/comments"):
            self.comments.append({"id": 99, "user": {"login": AUTHOR}, **body})
            return self.comments[-1]
        number = int(place.rpartition("/")[2])
        comments = place.startswith("/issues/comments/")
        things, key = (self.comments, "id") if comments else (self.issues, "number")
        thing = next(one for one in things if one[key] == number)
        thing.update(body)
        return thing

    def _found(self, place: str, query: dict[str, str]) -> Any:
        if place == "/pulls":
            return [one for one in self.pulls if one["head"]["label"] == query["head"]]
        if place == "/issues":
            return [one for one in self.issues if one["state"] == "open"]
        if place.startswith("/compare/"):
            return {"files": [{"filename": name} for name in self.files]}
        if place.endswith("/artifacts"):
            sizes = {number: len(content) for number, content in self.artifacts.items()}
            found = [{"id": number, "size_in_bytes": size} for number, size in sizes.items()]
            return {"artifacts": found}
        if place.endswith("/comments"):
            page = int(query["page"])
            return self.comments[(page - 1) * 100 : page * 100]
        return None


@contextmanager
def serving(fake: Fake) -> Generator[GitHub]:
    """The fake as a server, and what talks to it."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            url = urlsplit(self.path)
            if url.path.startswith("/storage/"):
                fake.sent_to_storage.append(self.headers.get("Authorization"))
                self._say(200, fake.artifacts[int(url.path.removeprefix("/storage/"))])
                return
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._say(401, b"{}")
                return
            if url.path.endswith("/zip"):
                number = url.path.split("/")[-2]
                self.send_response(302)
                self.send_header("Location", f"http://localhost:{fake.port}/storage/{number}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            found = fake.answer(self.command, url.path, query, body)
            self._say(404 if found is None else 200, json.dumps(found).encode())

        do_GET = do_POST = do_PATCH = _serve

        def _say(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.port = server.server_address[1]
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield GitHub(f"http://127.0.0.1:{fake.port}", REPOSITORY, TOKEN)
        finally:
            server.shutdown()
