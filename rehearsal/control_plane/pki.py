"""The certificates and keys of a rehearsed control plane: its own authorities, nothing shared.

Two authorities: `ca` signs what the clients of the API server verify; `etcd-ca` signs the only
two certificates that etcd accepts, so that other users of the machine cannot read its data.
"""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rehearsal.files import write_private

LIFETIME = datetime.timedelta(days=365)
RENEW_BEFORE = datetime.timedelta(days=7)

SERVER_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
SERVER_ADDRESSES = ("127.0.0.1", "10.96.0.1")

# Leaf certificates: name, authority.
_LEAVES = (("apiserver", "ca"), ("etcd", "etcd-ca"), ("etcd-client", "etcd-ca"))
_FILES = (
    *(f"{authority}.crt" for authority in ("ca", "etcd-ca")),
    *(f"{name}.{suffix}" for name, _ in _LEAVES for suffix in ("crt", "key")),
    "service-accounts.key",
    "service-accounts.pub",
)


def ensure(folder: Path) -> bool:
    """Make the certificates and keys in `folder` unless they are all there and valid.

    Answers whether new ones were made (what was signed before is then worthless).
    """
    if _usable(folder):
        return False
    authorities = {name: _authority(name) for name in ("ca", "etcd-ca")}
    for name, (certificate, _) in authorities.items():
        # The authorities' keys are not kept: nothing else will ever be signed by them.
        write_private(folder / f"{name}.crt", _pem(certificate))
    for name, authority in _LEAVES:
        certificate, key = _leaf(name, *authorities[authority])
        write_private(folder / f"{name}.crt", _pem(certificate))
        write_private(folder / f"{name}.key", _private_pem(key))
    key = ec.generate_private_key(ec.SECP256R1())
    write_private(folder / "service-accounts.key", _private_pem(key))
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_private(folder / "service-accounts.pub", public)
    return True


def _usable(folder: Path) -> bool:
    try:
        contents = {name: (folder / name).read_bytes() for name in _FILES}
        certificates = [
            x509.load_pem_x509_certificate(contents[name])
            for name in _FILES
            if name.endswith(".crt")
        ]
        for name in _FILES:
            if name.endswith(".key"):
                serialization.load_pem_private_key(contents[name], password=None)
    except (OSError, ValueError):
        return False
    limit = datetime.datetime.now(datetime.UTC) + RENEW_BEFORE
    return all(certificate.not_valid_after_utc > limit for certificate in certificates)


def _authority(name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"rehearsal-{name}")
    certificate = (
        _builder(subject, subject, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signing=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def _leaf(
    name: str, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(text) for text in SERVER_NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(text)) for text in SERVER_ADDRESSES]
    # etcd's own certificate is also what it shows as a client (of its peers and its gateway).
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        _builder(_name(f"rehearsal-{name}"), authority.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signing=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    return certificate, key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A clock that is put back a little must not make the rehearsal unusable.
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, signing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signing,
        crl_sign=signing,
        key_encipherment=False,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
