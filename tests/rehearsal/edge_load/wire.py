"""HTTP/1.1 as bytes: sends what no well-behaved client would, and costs little per request."""

import contextlib
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_SECONDS = 30.0
_BODILESS = (204, 304)

Pair = tuple[bytes, bytes]


class ConnectionEnded(Exception):
    """The server closed the connection before an answer was complete."""


@dataclass(frozen=True)
class Reply:
    """An answer; header names are in lower case."""

    status: int
    headers: Sequence[Pair]
    body: bytes

    def first(self, name: bytes) -> bytes | None:
        """The first header of this name, which is given in lower case."""
        return next((value for each, value in self.headers if each == name), None)

    def every(self, name: bytes) -> list[bytes]:
        """All headers of this name, which is given in lower case."""
        return [value for each, value in self.headers if each == name]


@dataclass(frozen=True)
class Message:
    """A request, as it is sent: nothing is checked, escaped or added but `Content-Length`."""

    host: bytes
    target: bytes = b"/"
    method: bytes = b"GET"
    headers: Sequence[Pair] = ()
    body: bytes = b""

    def encoded(self) -> bytes:
        """The bytes on the wire."""
        lines = [b"%b %b HTTP/1.1" % (self.method, self.target), b"host: " + self.host]
        lines += [name + b": " + value for name, value in self.headers]
        if self.body:
            lines.append(b"content-length: %d" % len(self.body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


class Connection:
    """A connection to a port of this machine, kept open; one request at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._buffer = bytearray()

    def send(self, message: bytes) -> None:
        """Send a whole request, connecting first if need be."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(message)

    def receive(self, *, head: bool = False) -> Reply:
        """The answer to what was sent; to a HEAD request it has no body.

        Raises ConnectionEnded; the next `send` connects again.
        """
        try:
            reply = self._reply(head)
        except (ConnectionError, ConnectionEnded) as error:
            self.close()
            raise ConnectionEnded(str(error)) from None
        if (reply.first(b"connection") or b"").lower() == b"close":
            self.close()
        return reply

    def ask(self, message: Message) -> Reply:
        """Send a request and take its answer; once more if the connection had gone stale."""
        encoded, head = message.encoded(), message.method == b"HEAD"
        fresh = self._socket is None
        try:
            self.send(encoded)
            return self.receive(head=head)
        except (ConnectionError, ConnectionEnded):
            self.close()
            if fresh:
                raise
        self.send(encoded)
        return self.receive(head=head)

    def close(self) -> None:
        """Close; what has arrived is forgotten."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._buffer.clear()

    def _reply(self, head: bool) -> Reply:
        while True:
            lines = self._take_until(b"\r\n\r\n").split(b"\r\n")
            status = int(lines[0].split(b" ", 2)[1])
            if status >= 200:
                break
        pairs: list[Pair] = []
        length, chunked = None, False
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            name, value = name.lower(), value.strip()
            pairs.append((name, value))
            if name == b"content-length":
                length = int(value)
            elif name == b"transfer-encoding":
                chunked = b"chunked" in value.lower()
        if head or status in _BODILESS:
            return Reply(status, pairs, b"")
        if chunked:
            return Reply(status, pairs, self._chunks())
        return Reply(status, pairs, self._rest() if length is None else self._take(length))

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while size := int(self._take_until(b"\r\n").partition(b";")[0], 16):
            parts.append(self._take(size))
            self._take(2)
        self._take_until(b"\r\n")
        return b"".join(parts)

    def _rest(self) -> bytes:
        try:
            while True:
                self._read()
        except ConnectionEnded:
            content = bytes(self._buffer)
            self.close()
            return content

    def _take_until(self, mark: bytes) -> bytes:
        while (end := self._buffer.find(mark)) < 0:
            self._read()
        found = bytes(self._buffer[:end])
        del self._buffer[: end + len(mark)]
        return found

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._read()
        found = bytes(self._buffer[:count])
        del self._buffer[:count]
        return found

    def _read(self) -> None:
        if self._socket is None:
            raise ConnectionEnded("not connected")
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionEnded("the server closed the connection")
        self._buffer += data


def exchange(
    port: int, messages: Iterable[Message], *, connections: int = 16
) -> Iterator[tuple[Message, Reply | None]]:
    """Send requests over several kept connections, in turn; each with its answer, in order.

    The answer is None if the server closed the connection instead, twice.
    """
    pool = [Connection(port) for _ in range(connections)]
    try:
        batch: list[tuple[Connection, Message]] = []
        for message in messages:
            batch.append((pool[len(batch)], message))
            if len(batch) == connections:
                yield from _round(batch)
                batch = []
        yield from _round(batch)
    finally:
        for connection in pool:
            connection.close()


def _round(
    batch: Sequence[tuple[Connection, Message]],
) -> Iterator[tuple[Message, Reply | None]]:
    # All are sent before the first answer is awaited, so that the server always has work.
    sent = [_sent(connection, message) for connection, message in batch]
    for (connection, message), on_its_way in zip(batch, sent, strict=True):
        yield message, _answer(connection, message, on_its_way)


def _sent(connection: Connection, message: Message) -> bool:
    try:
        connection.send(message.encoded())
    except ConnectionError:  # closed by the server after the last answer
        connection.close()
        return False
    return True


def _answer(connection: Connection, message: Message, on_its_way: bool) -> Reply | None:
    with contextlib.suppress(ConnectionEnded):
        if on_its_way:
            return connection.receive(head=message.method == b"HEAD")
    try:
        return connection.ask(message)
    except (ConnectionError, ConnectionEnded):
        return None
