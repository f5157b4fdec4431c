"""TLS for DICOM connections, ours and those of others, as BCP 195 asks (PS3.15 B.9: non-downgrading)."""

import ssl

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

#: Forward secret and authenticated (RFC 9325 4.2); those of TLS 1.3 are all of this kind.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def context_for_answering() -> ssl.SSLContext | None:
    """Return what the listener secures its connections with, None where no certificate is named.

    Raises
    ------
    ImproperlyConfigured
        If a file cannot be used, or callers must show a certificate and nobody is named who vouches for it.
    """
    if not settings.DICOM_TLS_CERTIFICATE:
        if settings.DICOM_TLS_MUTUAL:
            raise ImproperlyConfigured("READROOM_DICOM_TLS_MUTUAL needs READROOM_DICOM_TLS_CERTIFICATE.")
        return None
    context = _hardened(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    _show_certificate(context)
    if settings.DICOM_TLS_MUTUAL:
        if not settings.DICOM_TLS_AUTHORITY:
            raise ImproperlyConfigured("READROOM_DICOM_TLS_MUTUAL needs READROOM_DICOM_TLS_AUTHORITY.")
        _trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def context_for_calling() -> ssl.SSLContext:
    """Return what a call to another node is secured with: its certificate must be trusted and bear its name.

    Raises
    ------
    ImproperlyConfigured
        If a file cannot be used.
    """
    context = _hardened(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    if settings.DICOM_TLS_AUTHORITY:
        _trust(context)
    else:
        context.load_default_certs()
    if settings.DICOM_TLS_CERTIFICATE:
        _show_certificate(context)
    return context


def context_for_checking() -> ssl.SSLContext | None:
    """Return what our own health check calls our own listener with: whom it calls is known, so no name is compared."""
    if not settings.DICOM_TLS_CERTIFICATE:
        return None
    context = context_for_calling()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _hardened(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    return context


def _show_certificate(context: ssl.SSLContext) -> None:
    try:
        context.load_cert_chain(settings.DICOM_TLS_CERTIFICATE, settings.DICOM_TLS_KEY or None)
    except (OSError, ssl.SSLError) as wrong:
        raise ImproperlyConfigured(
            "READROOM_DICOM_TLS_CERTIFICATE and READROOM_DICOM_TLS_KEY must name a certificate and its key "
            f"in PEM: {wrong.strerror or 'they do not fit'}."
        ) from None


def _trust(context: ssl.SSLContext) -> None:
    try:
        context.load_verify_locations(settings.DICOM_TLS_AUTHORITY)
    except (OSError, ssl.SSLError) as wrong:
        raise ImproperlyConfigured(
            f"READROOM_DICOM_TLS_AUTHORITY must name certificates in PEM: {wrong.strerror or 'none is found'}."
        ) from None
