"""Users, the sites they work at, and the tokens of their machines."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Site(models.Model):
    """A clinic or department: the border that a clinician's view does not cross."""

    name = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        """Return the name that people use."""
        return self.name


class User(AbstractUser):
    """Somebody who signs in.

    Attributes
    ----------
    is_kept_to_site
        Whether this request stays within `site` whatever the role: a token's, which has set both. Never stored.
    """

    class Role(models.TextChoices):
        """What a user is here for; the policy decides what follows from it."""

        CLINICIAN = "clinician", "Clinician"
        SENIOR = "senior", "Senior reader"
        AUDITOR = "auditor", "Auditor"
        ADMIN = "admin", "Administrator"

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.CLINICIAN)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, blank=True, related_name="users")
    is_site_scoped = False


class AccessToken(models.Model):
    """What a machine signs in with: it acts as one user, at one site. The secret itself is kept nowhere."""

    name = models.CharField(max_length=80, help_text="which machine holds it")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, unique=True, help_text="sha256 of the secret")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150, blank=True, help_text="user name; empty: at the command line")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="to a quarter of an hour")

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], condition=models.Q(revoked_at=None), name="token_name_per_user"
            )
        ]
