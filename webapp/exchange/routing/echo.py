"""Is a destination there, and does it let us in?"""

from django.core.exceptions import ImproperlyConfigured

from webapp.exchange.routing import cstore, stow
from webapp.exchange.routing.models import Destination
from webapp.exchange.routing.outcomes import PeerTroubleError


def echo_destination(destination: Destination) -> str:
    """Ask by C-ECHO, or by a search for one study; return what is wrong, nothing where it answers."""
    try:
        (stow if destination.kind == Destination.Kind.STOW else cstore).echo(destination)
    except (PeerTroubleError, ImproperlyConfigured) as trouble:
        return str(trouble)
    return ""
