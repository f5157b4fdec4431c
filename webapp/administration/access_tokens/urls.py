"""The addresses of this app."""

from django.urls import path

from webapp.administration.access_tokens.views import revoke, tokens

urlpatterns = [
    path("tokens/", tokens, name="tokens"),
    path("tokens/<int:token>/revoke/", revoke, name="token-revoke"),
]
