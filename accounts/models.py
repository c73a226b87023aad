"""People. A person may belong to several tenants, so users are global."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from kernel.clock import now
from kernel.mongo.fields import DocumentField, PersonIdField


class UserManager(BaseUserManager["User"]):
    """Creates people by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser):
    """A person, known by e-mail. ``is_staff`` opens the backoffice, ``is_superuser`` every tenant in it.

    ``session_epoch`` is part of what each session is checked against: another number, and every
    session of the person is over with its next request (``accounts.services.end_sessions``).
    """

    id = PersonIdField()
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_superuser = models.BooleanField(default=False)
    session_epoch = models.BigIntegerField(default=0)
    date_joined = models.DateTimeField(default=now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "users"

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **options: Any) -> None:
        """Never writes an older ``session_epoch`` back: that would bring ended sessions to life."""
        chosen = options.get("update_fields") is not None or options.get("force_insert")
        if not (self._state.adding or args or chosen):
            options["update_fields"] = _SAVED
        super().save(*args, **options)

    def get_full_name(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        about = f"{self.password}|{self.session_epoch}"
        return salted_hmac("accounts.session", about, secret=secret, algorithm="sha256").hexdigest()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """The backoffice is for staff; what they may do in a tenant is decided by its own pages."""
        return self.is_active and self.is_staff

    def has_perms(self, perms: list[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff


_SAVED = frozenset(
    field.name
    for field in User._meta.concrete_fields
    if not field.primary_key and field.name != "session_epoch"
)


class SignInMark(models.Model):
    """Something remembered for a while about signing in: a count, a code that was used, a turn taken."""

    key = models.CharField(max_length=200, unique=True)
    value = DocumentField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "sign_in_marks"
        indexes = [models.Index(fields=["expires_at"], name="sign_in_mark_expiry")]
