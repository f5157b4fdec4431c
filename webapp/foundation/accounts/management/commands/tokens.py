"""manage.py tokens: what machines sign in with."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from webapp.foundation.accounts.models import AccessToken, Site, User
from webapp.foundation.accounts.tokens import DAYS, TokenError, token_list, token_make, token_revoke


class Command(BaseCommand):
    help = "Make, list and revoke the tokens by which programs sign in to /dicomweb/, /api/ and /fhir/"

    def add_arguments(self, parser: CommandParser) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        make = does.add_parser("make", help="make a token and print its secret, once")
        make.add_argument("user", help="on whose account it acts")
        make.add_argument("name", help="which machine holds it")
        make.add_argument("--site", help="the one site that it reaches; else the user's own")
        make.add_argument("--days", type=int, default=DAYS, help=f"good for so long, 0 for ever (else {DAYS})")
        does.add_parser("list", help="list all tokens")
        does.add_parser("revoke", help="let a token open nothing any more").add_argument("number", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        match options["does"]:
            case "make":
                self._make(options["user"], options["name"], options["site"], options["days"])
            case "list":
                for token in token_list():
                    self.stdout.write(_line(token))
            case _:
                if not token_revoke(token=options["number"]):
                    raise CommandError(f"There is no token {options['number']} that could be revoked.")
                self.stdout.write("Revoked.")

    def _make(self, username: str, name: str, site_name: str | None, days: int) -> None:
        try:
            user = User.objects.select_related("site").get(username=username)
            site = Site.objects.get(name=site_name) if site_name else None
            token, secret = token_make(user=user, name=name, site=site, days=days)
        except (User.DoesNotExist, Site.DoesNotExist) as error:
            raise CommandError("There is no such user or site.") from error
        except TokenError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"Token {token.pk}: keep the line below, it is shown this once.")
        self.stdout.write(secret)


def _line(token: AccessToken) -> str:
    over = token.expires_at is not None and token.expires_at <= timezone.now()
    state = "revoked" if token.revoked_at else "run out" if over else "good"
    used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never"
    return f"{token.pk}  {token.user.get_username()}  {token.site}  {token.name}  {state}, last used {used}"
