"""What changes about a person from outside of allauth's own flows."""

from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY

from accounts import signals
from accounts.models import User
from kernel.mongo.doors import ObjectId, ReturnDocument, collection

# Of addresses of those who are gone; reserved by RFC 2606, so that nobody has it.
DELETED = "deleted.invalid"


def end_session(session_key: str) -> None:
    """End one session, with its tokens, from the next request on."""
    import_module(settings.SESSION_ENGINE).SessionStore().delete(session_key)
    UserSession.objects.filter(session_key=session_key).delete()


def end_sessions(user: User, *, keep: Any = None) -> None:
    """End every session of a person, but the one given (a session of the running request).

    All of them die with the change of one number; deleting their rows is tidiness.
    """
    user.session_epoch = _next_epoch(user)
    kept = ""
    if keep is not None:
        keep[HASH_SESSION_KEY], kept = user.get_session_auth_hash(), keep.session_key
    for each in UserSession.objects.filter(user_id=user.pk).exclude(session_key=kept):
        end_session(each.session_key)


def end_all_sessions(user: User) -> None:
    """What an operator does for a person whose session somebody else may have."""
    count = UserSession.objects.filter(user_id=user.pk).count()
    end_sessions(user)
    signals.sessions_ended.send(User, request=None, user=user, count=count)


def make_staff(user: User, *, all_tenants: bool) -> None:
    """Let a person enter the backoffice: every tenant, or those that they are granted."""
    user.is_staff, user.is_superuser = True, all_tenants
    user.save()
    signals.staff_granted.send(User, request=None, user=user)


def _next_epoch(user: User) -> int:
    changed = collection(User).find_one_and_update(
        {"_id": ObjectId(user.pk)}, {"$inc": {"session_epoch": 1}},
        return_document=ReturnDocument.AFTER,
    )  # fmt: skip
    return int(changed["session_epoch"])


def disable_person(user: User) -> None:
    """Nobody signs in to the account, and whoever is in is out with the next request."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions(user)
    signals.person_disabled.send(User, request=None, user=user)


def enable_person(user: User) -> None:
    """The account works again; sessions that ended stay so."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    signals.person_enabled.send(User, request=None, user=user)


def remove_factors(user: User) -> int:
    """Take away every second factor of a person who has lost them; returns how many. Ends all sessions.

    For operators, who have made sure by another way that it is the person who asks.
    """
    removed, _ = Authenticator.objects.filter(user_id=user.pk).delete()
    end_sessions(user)
    signals.factors_removed.send(User, request=None, user=user)
    return int(removed)


def erase_person(user: User) -> None:
    """Nobody signs in to the account again, and who it was is gone; its id stays, for what refers to it.

    Its address is free: whoever signs up with it makes a new account. Joins a transaction.
    """
    user.is_active, user.name = False, ""
    user.email = f"{user.pk}@{DELETED}"
    user.set_unusable_password()
    user.save(update_fields=["is_active", "name", "email", "password"])
    for about in (EmailAddress, Authenticator, SocialAccount):
        about.objects.filter(user_id=user.pk).delete()
    end_sessions(user)
