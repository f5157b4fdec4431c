"""Checks whether a destination is reachable and accepts us."""

from django.core.exceptions import ImproperlyConfigured

from webapp.exchange.routing import cstore, stow
from webapp.exchange.routing.models import Destination
from webapp.exchange.routing.outcomes import PeerTroubleError


def echo_destination(destination: Destination) -> str:
    """Test a destination by C-ECHO, or by a QIDO-RS search for one study; return what is wrong, "" if nothing is."""
    try:
        (stow if destination.kind == Destination.Kind.STOW else cstore).echo(destination)
    except (PeerTroubleError, ImproperlyConfigured) as trouble:
        return str(trouble)
    return ""
