"""Coming in and going out."""

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse


class SignIn(LoginView):
    """Ask for a user name and a password; after five failures the name is locked for this address."""

    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """Leave, by POST only; the browser is told to forget the pictures that it kept."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Sign out and clear the browser's cache of this site."""
        response = super().post(request, *args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response
