"""`python -m rehearsal.state_service --state FOLDER [--port N]`: serve until told to stop.

The folder holds `state.sqlite` and `token` (both readable by their owner only). When the service
accepts requests it prints one line of JSON, `{"state": "http://127.0.0.1:PORT"}`.
"""

import argparse
import asyncio
import json
import os
import secrets
import socket
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from rehearsal.state_service.app import create_app
from rehearsal.state_service.store import Store


def main() -> None:
    """Run the service."""
    parser = argparse.ArgumentParser(prog="rehearsal.state_service", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="the folder to keep states in")
    parser.add_argument("--port", type=int, default=0, help="0, the default: any free port")
    arguments = parser.parse_args()
    os.umask(0o077)
    arguments.state.mkdir(parents=True, exist_ok=True)
    token = _token(arguments.state / "token")
    with socket.create_server(("127.0.0.1", arguments.port)) as listener:
        port: int = listener.getsockname()[1]
        store = Store(arguments.state / "state.sqlite")
        try:
            asyncio.run(_serve(create_app(store, token, port), listener))
        finally:
            store.close()


def _token(path: Path) -> str:
    """The token in the file; written there first if there is none."""
    if not path.exists():
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text().strip()


async def _serve(app: Starlette, listener: socket.socket) -> None:
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.005)
    print(json.dumps({"state": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
    await serving


if __name__ == "__main__":
    main()
