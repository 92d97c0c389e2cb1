"""How does a tablet talk to the clinic's machine without anybody listening in?

Browsers give passkeys and offline work only to pages that came over TLS (or from the machine itself), and no public
authority signs for a machine inside a clinic.  So the folder has a certificate authority of its own, made once; each
tablet is told to trust it once (docs/how-to/run-behind-tls.md).  A clinic with a public name brings its own certificate.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stillhaven.science.errors import BadInput
from stillhaven.service.folder import write_private

CA_LASTS = timedelta(days=3650)
LASTS = timedelta(days=397)  # tablets refuse certificates that last longer
RENEW_BEFORE = timedelta(days=60)
BACKDATE = timedelta(days=1)  # a tablet's clock may be behind


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A certificate and its key, as files.  `authority` is what a tablet must trust; None when brought from outside."""

    certificate: Path
    key: Path
    authority: Path | None


def is_loopback(host: str) -> bool:
    """Does only this machine reach the address?

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "192.168.1.4", "clinic.local")]
    [True, True, True, False, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def names_of_this_machine(host: str) -> list[str]:
    """Every name and address by which a tablet may call this machine."""
    names = {"localhost", "127.0.0.1", "::1"}
    machine = socket.gethostname()
    if machine:
        names |= {machine, machine.split(".")[0], machine.split(".")[0] + ".local"}
    if host not in ("0.0.0.0", "::"):  # noqa: S104  (asked about, not bound to)
        names.add(host)
    else:
        for addresses in psutil.net_if_addrs().values():
            for address in addresses:
                if address.family in (socket.AF_INET, socket.AF_INET6) and "%" not in address.address:
                    names.add(address.address)
    return sorted(names)


def own_pair(folder: Path, names: list[str], now: datetime) -> Pair:
    """The folder's authority and a server certificate for these names, made or renewed when needed."""
    authority_file, authority_key_file = folder / "ca.pem", folder / "ca.key"
    pair = Pair(certificate=folder / "server.pem", key=folder / "server.key", authority=authority_file)
    if not (authority_file.exists() and authority_key_file.exists()):
        _make_authority(authority_file, authority_key_file, now)
    if not _still_good(pair, names, now):
        _make_server(pair, authority_key_file, names, now)
    return pair


def given_pair(certificate: Path, key: Path) -> Pair:
    """A certificate brought from outside, checked to be readable and to fit its key."""
    try:
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise BadInput("--cert/--key", f"cannot be read: {error}") from None
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if read.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        raise BadInput("--key", f"{key} is not the key of {certificate}")
    if b"BEGIN PRIVATE KEY" not in key.read_bytes():
        raise BadInput(
            "--key", f"must be PKCS#8: openssl pkcs8 -topk8 -nocrypt -in {key} -out {key}.pk8, then give that"
        )
    return Pair(certificate=certificate.resolve(), key=key.resolve(), authority=None)


def ends_at(certificate: Path) -> datetime:
    """When a certificate stops being good."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def fingerprint(certificate: Path) -> str:
    """What to compare by eye when a tablet is told to trust it."""
    digest = x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256())
    return digest.hex(":").upper()


def _still_good(pair: Pair, names: list[str], now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        signer = x509.load_pem_x509_certificate((pair.authority or pair.certificate).read_bytes())
        certificate.verify_directly_issued_by(signer)
        known = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # unreadable, foreign or half-written all mean the same here: make a new one
        return False
    covered = {str(name.value) for name in known}
    return pair.key.exists() and set(names) <= covered and certificate.not_valid_after_utc - now > RENEW_BEFORE


def _make_authority(certificate_file: Path, key_file: Path, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    title = f"Stillhaven clinic authority ({socket.gethostname() or 'this machine'}, {os.urandom(2).hex()})"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + CA_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(key_file, _pem(key))
    write_private(certificate_file, certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"))


def _make_server(pair: Pair, authority_key_file: Path, names: list[str], now: datetime) -> None:
    assert pair.authority is not None
    authority = x509.load_pem_x509_certificate(pair.authority.read_bytes())
    signer = serialization.load_pem_private_key(authority_key_file.read_bytes(), password=None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stillhaven")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(min(now + LASTS - BACKDATE, authority.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    write_private(pair.key, _pem(key))
    write_private(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"))


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode("ascii")


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def utc_now() -> datetime:
    """Certificates go by the machine's clock, never by the clinic's settable one."""
    return datetime.now(UTC)


def names_in(certificate: Path) -> list[str]:
    """The names that a certificate answers to; wildcards are left out (a server needs names)."""
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    try:
        known = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return sorted(str(name.value) for name in known if "*" not in str(name.value))
