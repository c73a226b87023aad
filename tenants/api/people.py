"""People's accounts, for superusers: found, disabled and enabled, signed out, made staff or no more."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import page_of
from kernel.actor import Actor
from tenants import errors
from tenants.api import examples
from tenants.api import operator_shapes as shapes
from tenants.api.operator_shown import people_json, person_json
from tenants.api.operators import OF_ALL, OF_ALL_PROBLEMS, OperatorView
from tenants.api.serializers import Because
from tenants.services import operating
from tenants.services.operating import get_person
from tenants.staff import operator

READS = (*OF_ALL_PROBLEMS, errors.PersonNotFound)
STEPS = (*READS, errors.SupportRefused)


def _told(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Who does it, from where and why, as the audit logs will have it."""
    by = operator(request)
    raw = request._request
    actor = Actor(kind="staff", id=by.pk, name=by.get_full_name(), user_id=by.pk, reason=body["reason"],
                  ip=raw.client_ip, request_id=raw.request_id)  # fmt: skip
    return {"actor": actor, "by": by, **body}


class People(OperatorView):
    @operation(
        "people_list", "List people", who=OF_ALL, in_tenant=False, paged=True,
        gives=page_of(shapes.PersonShown), problems=OF_ALL_PROBLEMS, example=examples.page(examples.PERSON),
        parameters=[OpenApiParameter("email", str, description="The beginning of an address.")],
        about="By address.",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        by = operator(request)
        begins = request.query_params.get("email", "").lower()
        found = User.objects.filter(email__gte=begins, email__lt=begins + "\uffff")
        return Response(page(request, found, keys=("email",), render=people_json,
                             scope="platform:people", of=by.pk))  # fmt: skip


class OnePerson(OperatorView):
    @operation(
        "people_get", "Read a person", who=OF_ALL, in_tenant=False, gives=shapes.OnePersonShown,
        problems=READS, example=examples.ONE_PERSON,
    )  # fmt: skip
    def get(self, request: Request, person_id: str) -> Response:
        operator(request)
        return Response(person_json(get_person(person_id)))


class Disable(OperatorView):
    @operation(
        "people_disable", "Disable an account", who=OF_ALL, in_tenant=False, takes=Because,
        gives=shapes.OnePersonShown, problems=STEPS, asks={"reason": "The account was taken over"},
        example={**examples.ONE_PERSON, "is_active": False},
        about="Nobody signs in, whoever is in is out with the next request, and their keys open nothing.",
    )  # fmt: skip
    def post(self, request: Request, person_id: str, body: dict[str, str]) -> Response:
        told = _told(request, body)
        return Response(person_json(operating.disable(person_id=person_id, **told)))


class Enable(OperatorView):
    @operation(
        "people_enable", "Enable an account", who=OF_ALL, in_tenant=False, takes=Because,
        gives=shapes.OnePersonShown, problems=STEPS, asks={"reason": "Its owner has it back"},
        example=examples.ONE_PERSON, about="Sessions that ended stay so.",
    )  # fmt: skip
    def post(self, request: Request, person_id: str, body: dict[str, str]) -> Response:
        told = _told(request, body)
        return Response(person_json(operating.enable(person_id=person_id, **told)))


class EndSessions(OperatorView):
    @operation(
        "people_end_sessions", "Sign a person out everywhere", who=OF_ALL, in_tenant=False, takes=Because,
        gives=shapes.OnePersonShown, problems=STEPS, asks={"reason": "Their laptop was stolen"},
        example={**examples.ONE_PERSON, "session_count": 0}, about="Of browsers and of apps.",
    )  # fmt: skip
    def post(self, request: Request, person_id: str, body: dict[str, str]) -> Response:
        told = _told(request, body)
        return Response(person_json(operating.end_sessions(person_id=person_id, **told)))


class RemoveFactors(OperatorView):
    @operation(
        "people_remove_factors", "Take lost second factors away", who=OF_ALL, in_tenant=False,
        takes=Because, gives=shapes.OnePersonShown, problems=STEPS,
        asks={"reason": "Lost the telephone; identified by video call"},
        example={**examples.ONE_PERSON, "has_second_factor": False, "session_count": 0},
        about="With their recovery codes; ends all sessions. Make sure by another way that it is they who ask.",
    )  # fmt: skip
    def post(self, request: Request, person_id: str, body: dict[str, str]) -> Response:
        told = _told(request, body)
        return Response(person_json(operating.remove_factors(person_id=person_id, **told)))


class Rights(OperatorView):
    @operation(
        "people_staff_rights", "Give or take staff rights", who=OF_ALL, in_tenant=False,
        takes=shapes.StaffRights, gives=shapes.OnePersonShown, problems=(*STEPS, errors.InvalidFields),
        asks={"is_staff": True, "is_superuser": False, "reason": "Joins the support team"},
        example={**examples.ONE_PERSON, "is_staff": True},
        about="Of somebody who has proved their address. Whoever loses rights is signed out everywhere, and "
        "whoever is staff no more loses their grants. Nobody changes their own.",
    )  # fmt: skip
    def put(self, request: Request, person_id: str, body: dict[str, Any]) -> Response:
        told = _told(request, body)
        return Response(person_json(operating.set_staff(person_id=person_id, **told)))
