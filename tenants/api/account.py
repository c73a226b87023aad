"""One's own account, outside of any tenant. Passwords, factors and addresses are at ``/_allauth/``."""

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import ProofRequired, StaffAccount
from config.api.fresh import demand_fresh
from config.api.operations import operation
from config.api.views import ApiView
from tenants.api import examples
from tenants.api import serializers as shapes
from tenants.api.authentication import PersonAuthentication
from tenants.api.representations import account_json
from tenants.api.views import PERSON
from tenants.errors import LastOwner
from tenants.services.account import delete_account, rename_person


class Account(ApiView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsAuthenticated]

    @operation("account_get", "Read my account", who=PERSON, in_tenant=False, gives=shapes.AccountShown,
               example=examples.ACCOUNT)  # fmt: skip
    def get(self, request: Request) -> Response:
        return Response(account_json(request.user))

    @operation("account_change", "Change my name", who=PERSON, in_tenant=False, takes=shapes.AccountChange,
               gives=shapes.AccountShown, asks={"name": "Ada Lovelace"}, example=examples.ACCOUNT,
               about="Addresses, passwords and factors are changed at `/_allauth/`.")  # fmt: skip
    def patch(self, request: Request, body: dict[str, Any]) -> Response:
        person = rename_person(person=request.user, request=request._request, **body)
        return Response(account_json(person))

    @operation(
        "account_delete", "Delete my account", who=PERSON, in_tenant=False, status=204,
        problems=(ProofRequired, LastOwner, StaffAccount),
        about="Asks for a proof in the last five minutes (`/_allauth/…/auth/reauthenticate`). Ends "
        "all sessions, memberships and API keys of the person; their name and addresses are gone, "
        "what they wrote stays. `last_owner` names in `tenants` where another owner is needed first.",
    )  # fmt: skip
    def delete(self, request: Request) -> Response:
        demand_fresh(request, by_sign_in=False)
        delete_account(person=request.user, request=request._request)
        return Response(status=204)
