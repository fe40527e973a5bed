"""The plugin's process: quick to start, quiet when it ends, gone when the engine is."""

import signal
import subprocess
import sys

import pytest

from tests.rehearsal.kubernetes_plugin.plugin import Plugin, running_plugin


def ending(plugin: Plugin) -> tuple[int, str, str]:
    """Wait for the process to end: its status and the rest of what it wrote."""
    out, err = plugin.process.communicate(timeout=5)
    return plugin.process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_and_quietly(number: signal.Signals) -> None:
    with running_plugin() as plugin:
        plugin.process.send_signal(number)
        assert ending(plugin) == (-number, "", "")


def test_it_is_gone_when_the_engine_is() -> None:
    with running_plugin() as plugin:
        assert plugin.process.stdin is not None
        plugin.process.stdin.close()  # what the kernel does when the engine dies
        plugin.process.stdin = None
        assert ending(plugin) == (0, "", "")


def test_it_imports_nothing_heavy_before_it_is_needed() -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from rehearsal.plugins.stubs import without_sdk; without_sdk();"
            "import rehearsal.plugins.resource_kubernetes.provider; print(*sys.modules)",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert "pulumi.runtime.proto.provider_pb2" in loaded
    assert not {"httpx", "yaml", "pulumi.resource"} & set(loaded)
