"""The page on which administrators keep the tokens of machines."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from webapp.foundation.accounts.access import current_user, requires
from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.accounts.tokens import DAYS, TokenError, token_list, token_make, token_revoke


class TokenForm(forms.Form):
    """Whom a token acts for, where, and for how long."""

    name = forms.CharField(max_length=80, label="Machine", help_text="such as: PACS gateway, floor 2")
    user = forms.ModelChoiceField(User.objects.filter(is_active=True).order_by("username"), label="Acts as")
    site = forms.ModelChoiceField(
        Site.objects.order_by("name"), label="Site", required=False, empty_label="The user's own"
    )
    days = forms.IntegerField(min_value=0, max_value=3650, initial=DAYS, label="Days", help_text="0: no expiry")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Action.MANAGE_TOKENS)
def tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens; a new one's secret is in the answer to the form that made it, and nowhere else."""
    form = TokenForm(request.POST or None)
    made = secret = None
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            made, secret = token_make(**asked, by=current_user(request), request=request)
            form = TokenForm()
        except TokenError as error:
            form.add_error(None, str(error))
    told = {"form": form, "made": made, "secret": secret, "tokens": token_list(), "now": timezone.now()}
    return render(request, "access_tokens/page.html", told)


@require_POST
@requires(Action.MANAGE_TOKENS)
def revoke(request: HttpRequest, token: int) -> HttpResponse:
    """Let a token open nothing any more."""
    token_revoke(token=token, by=current_user(request), request=request)
    return redirect("tokens")
