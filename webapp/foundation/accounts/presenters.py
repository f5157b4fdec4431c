"""Users as pages name them."""

from webapp.foundation.accounts.models import User


def user_display_name(user: User) -> str:
    """Return what colleagues call somebody: their name, else the name they sign in with."""
    return user.get_full_name() or user.get_username()
