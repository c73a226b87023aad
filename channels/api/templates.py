"""Message templates of an account: listed, submitted, edited, deleted, read anew."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from channels import errors
from channels.api import template_shapes as shapes
from channels.selectors import get_channel, get_template, list_templates
from channels.services.manage_templates import (
    create_template,
    delete_template,
    edit_template,
    sync_now,
    unpause_template,
)
from config.api.operations import operation
from config.api.paging import page
from config.api.serializers import page_of
from config.api.views import ApiView
from tenants.permissions import Permission as P

READ, MANAGE = P.CHANNELS_READ, P.TEMPLATES_MANAGE
ASKED = (errors.TemplateRefused, errors.TemplatesUnsupported, errors.ProviderUnavailable)
UNKNOWN = (errors.ChannelNotFound, errors.TemplateNotFound)
CHECKED = (errors.InvalidTemplate, errors.TemplateFileNotFound)
FILES = ("A header of IMAGE, VIDEO, GIF or DOCUMENT, also a card's, shows a file: the `example` names "
         "it by the `media_id` of an upload (`POST /media`), which is given to the provider, or by a "
         "`header_handle` that the provider gave.")  # fmt: skip
FOR_ALL = "The account's other numbers have it too."


class Templates(ApiView):
    @operation("channels_templates", "List a channel's templates", needs=(READ,), paged=True,
               gives=page_of(shapes.TemplateShown), problems=(errors.ChannelNotFound,),
               example={"results": [shapes.TEMPLATE], "next": None},
               about="By name and language; those that the provider no longer has are `DELETED`.")  # fmt: skip
    def get(self, request: Request, channel_id: str) -> Response:
        channel = get_channel(channel_id)
        return Response(
            page(request, list_templates(channel), keys=("name", "language"),
                 render=lambda rows: shapes.templates_json(channel, rows), scope=f"templates:{channel.pk}")
        )  # fmt: skip

    @operation("templates_create", "Submit a template for review", needs=(MANAGE,), status=201,
               takes=shapes.NewTemplate, gives=shapes.TemplateShown,
               problems=(errors.ChannelNotFound, *CHECKED, errors.TemplateExists, *ASKED),
               asks=[("Words", shapes.NEW), ("With a file", shapes.NEW_WITH_FILE)],
               example={**shapes.TEMPLATE, "status": "PENDING", "quality": ""},
               about=f"Checked before the provider is asked, whose verdict comes later. {FOR_ALL} {FILES}")  # fmt: skip
    def post(self, request: Request, channel_id: str, body: dict[str, Any]) -> Response:
        made = create_template(channel_id=channel_id, **body)
        return Response(shapes.template_json(get_channel(channel_id), made), status=201)


class Sync(ApiView):
    @operation("templates_sync", "Read the account's templates now", needs=(MANAGE,),
               gives=shapes.SyncedShown, problems=(errors.ChannelNotFound, *ASKED),
               example=shapes.SYNCED,
               about="This also happens every day by itself; differences found then are an incident.")  # fmt: skip
    def post(self, request: Request, channel_id: str) -> Response:
        return Response(shapes.synced_json(sync_now(channel_id=channel_id)))


class OneTemplate(ApiView):
    @operation("templates_get", "Read a template", needs=(READ,), gives=shapes.TemplateShown,
               problems=UNKNOWN, example=shapes.TEMPLATE)  # fmt: skip
    def get(self, request: Request, channel_id: str, template_id: str) -> Response:
        channel = get_channel(channel_id)
        return Response(shapes.template_json(channel, get_template(channel, template_id)))

    @operation("templates_change", "Edit a template", needs=(MANAGE,), takes=shapes.TemplateChange,
               gives=shapes.TemplateShown,
               asks=[("Words", {"components": shapes.BODY}),
                     ("With a file", {"components": shapes.WITH_FILE})],
               problems=(*UNKNOWN, *CHECKED, errors.TemplateNotEditable, *ASKED),
               example={**shapes.TEMPLATE, "status": "PENDING"},
               about=f"It is reviewed again. An approved one is edited once a day at most. {FILES}")  # fmt: skip
    def patch(
        self, request: Request, channel_id: str, template_id: str, body: dict[str, Any]
    ) -> Response:
        changed = edit_template(channel_id=channel_id, template_id=template_id, **body)
        return Response(shapes.template_json(get_channel(channel_id), changed))

    @operation("templates_delete", "Delete a template", needs=(MANAGE,), status=204,
               problems=(*UNKNOWN, *ASKED),
               about="This language only. It stays in the list as `DELETED`, with its history.")  # fmt: skip
    def delete(self, request: Request, channel_id: str, template_id: str) -> Response:
        delete_template(channel_id=channel_id, template_id=template_id)
        return Response(status=204)


class Unpause(ApiView):
    @operation("templates_unpause", "End a template's pause", needs=(MANAGE,),
               gives=shapes.TemplateShown, example=shapes.TEMPLATE,
               problems=(*UNKNOWN, errors.TemplateNotEditable, *ASKED),
               about="The provider pauses a template of low quality for 3, then for 6 hours; a "
                     "third time it disables it.")  # fmt: skip
    def post(self, request: Request, channel_id: str, template_id: str) -> Response:
        released = unpause_template(channel_id=channel_id, template_id=template_id)
        return Response(shapes.template_json(get_channel(channel_id), released))
