"""What the sign-up form asks beside address and password."""

from typing import Any

from django import forms
from django.http import HttpRequest

from accounts.sign_up import may_sign_up


class SignUpForm(forms.Form):
    """allauth builds its own sign-up form upon this one."""

    name = forms.CharField(max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        """An address that was not invited is answered like one that has an account: by mail."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        email = cleaned.get("email")
        if email and not may_sign_up(email):
            self.account_already_exists = True
        return cleaned

    def signup(self, request: HttpRequest, user: Any) -> None:
        """After the account was made."""
        if name := self.cleaned_data.get("name", "").strip():
            user.name = name
            user.save(update_fields=["name"])
