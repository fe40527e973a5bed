"""Asks for the address of a host, and for no longer than one is ready to wait."""

import asyncio
import socket
import threading
from contextlib import suppress


async def name_known(host: str, seconds: float) -> None:
    """Return when the host has an address; raises OSError if not, or not within `seconds`.

    The look-up of asyncio itself cannot be given up: the process would wait for it at its end.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[None] = loop.create_future()

    def told(error: OSError | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(error)

    def look_up() -> None:
        failure: OSError | None = None
        try:
            socket.getaddrinfo(host, None)
        except OSError as error:
            failure = error
        except UnicodeError:
            failure = OSError(f"{host!r} is no name of a host")
        with suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(told, failure)

    threading.Thread(target=look_up, daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            await answer
    except TimeoutError:
        raise OSError("the name service does not answer") from None
