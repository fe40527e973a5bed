"""`python -m rehearsal.origin --kubeconfig FILE --port N`: serve until SIGTERM."""

import argparse
import json
import logging
import socket
import sys
from pathlib import Path

import uvicorn

from k8s import Cluster
from rehearsal.origin.cluster_view import ClusterView
from rehearsal.origin.lookups import Lookups
from rehearsal.origin.server import application

SYNC_SECONDS = 60.0


def main() -> int:
    """Read the cluster, listen, say so in one line of JSON, serve."""
    parser = argparse.ArgumentParser(prog="rehearsal.origin", description=__doc__)
    parser.add_argument("--kubeconfig", required=True, help="how to reach the API server")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 for any free one")
    parser.add_argument("--lookups", type=Path, metavar="FILE", help="what the API's pods know")
    arguments = parser.parse_args()
    lookups = Lookups(arguments.lookups) if arguments.lookups else None
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    view = ClusterView(Cluster.from_kubeconfig(arguments.kubeconfig, retry_seconds=5))
    view.start()
    if missing := view.wait_synced(SYNC_SECONDS):
        print(f"could not read {', '.join(missing)} from the API server", file=sys.stderr)
        return 1
    listener = _listen(arguments.port)
    host, port = listener.getsockname()
    config = uvicorn.Config(
        application(view.now, lookups),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    # Connections are accepted, and wait, from here on.
    print(json.dumps({"origin": f"http://{host}:{port}"}), flush=True)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off for sockets that name their protocol, and for no others;
    # with it, every answer on a connection that is kept open takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


if __name__ == "__main__":
    sys.exit(main())
