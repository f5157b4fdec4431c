"""The listener's health check: a C-ECHO to our own port under our own AE title (PS3.4 A.4)."""

from pynetdicom import AE

from webapp.foundation.core import tls

#: The Verification SOP class (PS3.4 A.4).
VERIFICATION = "1.2.840.10008.1.1"
SECONDS = 5.0
SUCCESS = 0x0000


def echo_answered(*, title: str, address: str, port: int) -> bool:
    """Return whether the listener with that AE title at that address answers a C-ECHO with success."""
    entity = AE(ae_title=title)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = SECONDS
    entity.add_requested_context(VERIFICATION)
    secured = tls.context_for_checking()
    association = entity.associate(address, port, ae_title=title, tls_args=(secured, address) if secured else None)
    if not association.is_established:
        return False
    try:
        return bool(association.send_c_echo().get("Status") == SUCCESS)
    finally:
        association.release()
