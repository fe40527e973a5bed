"""The API server writes down what the deployer and the reader ask of it, and only these two."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from k8s import ApiError, Cluster
from rehearsal.control_plane.audit import refused, requests
from rehearsal.control_plane.credentials import DEPLOYER, DEPLOYER_USER, READER, READER_USER
from rehearsal.control_plane.layout import Layout
from tests.rehearsal.conftest import ControlPlane


def test_refused_requests_are_told_each_once_and_only_the_newer_ones(
    control_plane: ControlPlane, cluster: Cluster, eventually: Callable[..., object]
) -> None:
    log = Layout(control_plane.folder).audit
    before = datetime.now(UTC)
    deployer = Cluster.from_kubeconfig(str(control_plane.kubeconfig), DEPLOYER)
    reader = Cluster.from_kubeconfig(str(control_plane.kubeconfig), READER)
    for _ in range(2):
        with pytest.raises(ApiError):
            deployer.list("apps/v1", "ReplicaSet", "audited")
    with pytest.raises(ApiError):
        deployer.list("v1", "Event")
    with pytest.raises(ApiError):
        reader.get("v1", "Secret", "password", "audited")
    cluster.list("v1", "Secret", "audited")
    expected = {
        f"{DEPLOYER_USER}: list replicasets.apps in audited",
        f"{READER_USER}: get secrets/password in audited",
    }

    def told() -> list[str]:
        return [line for line in refused(log, before) if line.endswith(" in audited")]

    eventually(lambda: len(told()) == 2)
    assert set(told()) == expected
    assert not any(": list events" in line for line in refused(log, before))
    assert refused(log, before + timedelta(days=1)) == []
    assert {request.user for request in requests(log)} <= {DEPLOYER_USER, READER_USER}
    deployer.close()
    reader.close()


def test_without_a_log_nothing_was_refused(control_plane: ControlPlane) -> None:
    assert refused(control_plane.folder / "none.log", datetime.now(UTC)) == []
