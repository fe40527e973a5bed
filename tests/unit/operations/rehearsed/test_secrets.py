"""Stand-ins for secrets stay the same from run to run and have the shape their users need."""

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from operations.rehearsed.secrets import StandIns, stand_ins
from operations.rehearsed.summary import version_of

NAMES = ("a-secret", "gateway-tls-certificate", "gateway-tls-key")


def make(folder: Path, *names: str, token: str = "t") -> StandIns:
    known = {"cloudflare-api-token": token}
    return stand_ins(folder / "secrets.json", folder / "passphrase", names, known, "serlo.test")


def test_the_same_names_give_the_same_values_and_ciphertexts(tmp_path: Path) -> None:
    first = make(tmp_path, *NAMES)
    assert make(tmp_path, *NAMES) == first
    assert first.values["cloudflare-api-token"] == "t"


def test_a_new_name_leaves_the_others_alone(tmp_path: Path) -> None:
    first = make(tmp_path, *NAMES)
    second = make(tmp_path, *NAMES, "b-secret")
    assert {name: second.values[name] for name in first.values} == first.values
    assert "b-secret" in second.encrypted


def test_a_given_value_wins_over_a_kept_one(tmp_path: Path) -> None:
    make(tmp_path, *NAMES)
    assert make(tmp_path, *NAMES, token="new").values["cloudflare-api-token"] == "new"


def test_the_gateways_certificate_and_key_belong_together(tmp_path: Path) -> None:
    values = make(tmp_path, *NAMES).values
    certificate = x509.load_pem_x509_certificate(values["gateway-tls-certificate"].encode())
    key = load_pem_private_key(values["gateway-tls-key"].encode(), password=None)
    assert certificate.public_key() == key.public_key()


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    make(tmp_path, *NAMES)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_store_is_replaced(tmp_path: Path) -> None:
    make(tmp_path, *NAMES)
    (tmp_path / "secrets.json").write_text("{")
    assert set(make(tmp_path, *NAMES).values) == {*NAMES, "cloudflare-api-token"}


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("ghcr.io/serlo/frontend:0.1.0", "0.1.0"),
        ("host:5000/frontend", ""),
        ("host:5000/frontend:v1.2.3", "v1.2.3"),
        (f"redis:6.0.10@sha256:{'ab' * 32}", "6.0.10@sha256:abababababab"),
    ],
)
def test_the_version_of_an_image(image: str, version: str) -> None:
    assert version_of(image) == version
