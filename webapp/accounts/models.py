"""Users and the sites they work at."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Site(models.Model):
    """A clinic or department: the border that a clinician's view does not cross."""

    name = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        """Return the name that people use."""
        return self.name


class User(AbstractUser):
    """Somebody who signs in."""

    class Role(models.TextChoices):
        """What a user is here for; the policy decides what follows from it."""

        CLINICIAN = "clinician", "Clinician"
        ADMIN = "admin", "Administrator"

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.CLINICIAN)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, blank=True, related_name="users")
