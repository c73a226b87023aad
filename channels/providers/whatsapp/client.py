"""Performs requests for one WhatsApp channel and says precisely what became of each."""

from collections.abc import Callable
from typing import Any

from channels.providers.contract import (
    Accepted,
    ChannelBroken,
    Check,
    Credentials,
    Downloaded,
    Endpoint,
    NotSent,
    Outcome,
    Rejected,
    Transient,
    Unknown,
)
from channels.providers.meta.proof import judged
from channels.providers.meta.usage import with_usage
from channels.providers.whatsapp.accepting import accepted
from channels.providers.whatsapp.access import (
    as_int,
    as_object,
    as_objects,
    as_sha256,
    as_text,
)
from channels.providers.whatsapp.compose import mark_read_body
from channels.providers.whatsapp.graph import (
    Operation,
    no_id,
    read_json,
    refusal,
    repeatable,
    token_refusal,
)
from channels.providers.whatsapp.health import (
    NUMBER_FIELDS,
    check_channel,
    describe_number,
)
from channels.providers.whatsapp.template_calls import about_template, hand_over
from kernel import egress
from kernel.jsonsafe import pruned

Json = dict[str, Any]

_TEMPLATE_FIELDS = (
    "id,name,language,status,category,parameter_format,components,quality_score,rejected_reason"
)
_ASK_AGAIN = "Ask the customer to send the file again."


class WhatsAppClient:
    """The contract's `Client` over the Cloud API.

    ``external`` holds ``phone_number_id``, ``waba_id`` and, where known, ``app_id``. It keeps no
    connection and no state; each method has ``Endpoint.timeout_s`` for all its calls together.
    """

    def __init__(
        self, external: dict[str, str], credentials: Credentials, endpoint: Endpoint
    ) -> None:
        self._phone_number_id = external.get("phone_number_id", "")
        self._waba_id = external.get("waba_id", "")
        self._app_id = external.get("app_id", "")
        self._credentials = credentials
        self._endpoint = endpoint

    def send(self, body: Json) -> Outcome:
        """Send a composed body. `Unknown` when it may have been taken; never resend that."""
        if broken := token_refusal(self._credentials.access_token):
            return broken
        try:
            response = self._operation().call("POST", self._phone_number_id, "messages", json=body)
        except egress.NotSent as error:
            return NotSent(reason=error.reason)
        except egress.Ambiguous as error:
            return Unknown(reason=error.reason)
        return (
            with_usage(accepted(response), response.headers)
            if response.ok
            else self._refusal(response)
        )

    def mark_read(self, external_id: str, *, typing: bool) -> Outcome:
        """Show the customer that we read up to this message; ``typing`` also shows 25 s of it."""
        body = mark_read_body(external_id, typing=typing)
        return self._confirm(external_id, self._phone_number_id, "messages", json=body)

    def upload(self, data: bytes, mime_type: str, filename: str) -> str | Outcome:
        """Store a file at Meta for 30 days and return its id, valid for this number only."""
        response = self._try(
            lambda: self._operation().call(
                "POST",
                self._phone_number_id,
                "media",
                data={"messaging_product": "whatsapp", "type": mime_type},
                files={"file": (filename or "file", data, mime_type)},
            )
        )
        if not isinstance(response, egress.Response):
            return response
        media_id = as_text(read_json(response), "id")
        return media_id or Transient(code=0, title="no usable answer (no media id)")

    def download(self, media_id: str, *, max_bytes: int) -> Downloaded | Outcome:
        """Return a file's bytes; its address lives five minutes, so an expired one is renewed."""
        operation = self._operation()
        for _ in range(2):
            described = self._media(operation, media_id)
            if not isinstance(described, dict):
                return described
            if (as_int(described, "file_size") or 0) > max_bytes:
                return _too_large(max_bytes)
            found = self._bytes(operation, described, max_bytes)
            if found is not None:
                return found
        return Transient(code=404, title="The file's address has expired", max_tries=3)

    def check(self) -> list[Check]:
        """Return the channel's health: token, permissions, number, quality, subscription."""
        return check_channel(
            self._operation(), self._credentials, self._phone_number_id, self._waba_id, self._app_id
        )

    def describe(self) -> Json | Outcome:
        """Return what Meta says of the number, in our names, or why it says nothing."""
        if not self._phone_number_id:
            return no_id("phone number")
        number = self._object(self._operation(), self._phone_number_id, fields=NUMBER_FIELDS)
        return describe_number(number) if isinstance(number, dict) else number

    def templates(self) -> list[Json] | Outcome:
        """Return all templates of the account as Meta has them, made storable.

        An account may have 6,000; a listing that does not end within the time is an outcome.
        """
        if not self._waba_id:
            return no_id("WhatsApp account")
        operation, found, after = self._operation(), list[Json](), ""
        while True:
            params = {"fields": _TEMPLATE_FIELDS, "limit": "100"}
            params |= {"after": after} if after else {}
            page = self._object(operation, self._waba_id, "message_templates", **params)
            if not isinstance(page, dict):
                return page
            found += [pruned(entry) for entry in as_objects(page, "data")]
            paging, before = as_object(page, "paging"), after
            after = as_text(as_object(paging, "cursors"), "after")
            if not as_text(paging, "next") or not after or after == before:
                return found

    def create_template(self, body: Json) -> Json | Outcome:
        """Submit a template for review; returns ``{"id", "status", "category"}``.

        One that was taken though no answer came is refused the second time, as existing.
        """
        if not self._waba_id:
            return no_id("WhatsApp account")
        answer = self._try(
            lambda: self._operation().call("POST", self._waba_id, "message_templates", json=body)
        )
        if not isinstance(answer, egress.Response):
            return answer
        made = read_json(answer)
        return made if as_text(made, "id") else Transient(code=0, title="no usable answer (no id)")

    def edit_template(self, external_id: str, changes: Json) -> Outcome:
        """Submit ``components`` or ``category`` anew; the template is reviewed again."""
        return about_template(self._confirm(external_id, external_id, json=changes))

    def delete_template(self, name: str, external_id: str) -> Outcome:
        """Delete one language of a template; its name is blocked for 30 days."""
        params = {"name": name, "hsm_id": external_id}
        path = (self._waba_id, "message_templates")
        answer = self._confirm(external_id, *path, method="DELETE", params=params)
        return about_template(answer)

    def unpause_template(self, external_id: str) -> Outcome:
        """End a pause for low quality before its time."""
        return about_template(self._confirm(external_id, external_id, "unpause"))

    def upload_example(self, data: bytes, mime_type: str) -> str | Outcome:
        """Give Meta a file that a template shows in its header; returns its handle."""
        return hand_over(self._try, self._operation(), self._app_id, data, mime_type)

    def subscribe(self) -> Outcome | None:
        """Have the account's webhooks delivered to our app; without it nothing ever arrives."""
        if not self._waba_id:
            return no_id("WhatsApp account")
        return self._confirm(self._waba_id, self._waba_id, "subscribed_apps")

    def unsubscribe(self) -> Outcome:
        """End the delivery of the account's webhooks to our app: for all numbers of it."""
        return self._confirm(self._waba_id, self._waba_id, "subscribed_apps", method="DELETE")

    def is_subscribed(self) -> bool | Outcome:
        """Return whether the account's webhooks are delivered to our app, or why that is not known."""
        answer = self._object(self._operation(), self._waba_id, "subscribed_apps")
        if not isinstance(answer, dict):
            return answer
        apps = [
            as_text(as_object(item, "whatsapp_business_api_data"), "id")
            for item in as_objects(answer, "data")
        ]
        return self._app_id in apps if self._app_id else bool(apps)

    def register(self, pin: str) -> Outcome:
        """Make the number able to send; ``pin`` is its two-step code of six digits, set here if it had none."""
        body = {"messaging_product": "whatsapp", "pin": pin}
        return self._confirm(self._phone_number_id, self._phone_number_id, "register", json=body)

    def refresh_token(self) -> None:
        """Return that there is nothing to renew: such tokens end by a person's choice or never."""

    def _refusal(self, response: egress.Response) -> Outcome:
        return judged(refusal(response), response, self._credentials)

    def _operation(self) -> Operation:
        return Operation(self._credentials, self._endpoint)

    def _confirm(self, subject: str, *path: str, method: str = "POST", **body: Any) -> Outcome:
        """Ask for what answers ``{"success": true}`` and may be repeated."""
        response = self._try(lambda: self._operation().call(method, *path, **body))
        if not isinstance(response, egress.Response):
            return response
        if read_json(response).get("success") is True:
            return Accepted(external_id=subject)
        return Transient(code=0, title="no usable answer (no success)")

    def _object(self, operation: Operation, *path: str, **params: str) -> Json | Outcome:
        """GET an object; anything else in its place is no answer."""
        response = self._try(lambda: operation.call("GET", *path, params=params))
        if not isinstance(response, egress.Response):
            return response
        return read_json(response) or Transient(code=0, title="no usable answer (no object)")

    def _try(self, call: Callable[[], egress.Response]) -> egress.Response | Outcome:
        """Return a 2xx answer, or the outcome of a repeatable call that failed."""
        if broken := token_refusal(self._credentials.access_token):
            return broken
        try:
            response = call()
        except egress.EgressError as error:
            return repeatable(error)
        return response if response.ok else repeatable(self._refusal(response))

    def _media(self, operation: Operation, media_id: str) -> Json | Outcome:
        params = {"phone_number_id": self._phone_number_id} if self._phone_number_id else {}
        described = self._object(operation, media_id, **params)
        if isinstance(described, ChannelBroken) and described.code == 100:
            # For a file, "missing or no permission" speaks of the file, not of the channel.
            return Rejected(code=100, title="The file is gone at WhatsApp", advice=_ASK_AGAIN)
        if not isinstance(described, dict):
            return described
        if not as_text(described, "url"):
            return Transient(code=0, title="no usable answer (no address)")
        return described

    def _bytes(
        self, operation: Operation, described: Json, max_bytes: int
    ) -> Downloaded | Outcome | None:
        """Return the file, an outcome, or None where the address has expired."""
        try:
            response = operation.fetch(as_text(described, "url"), max_bytes=max_bytes)
        except egress.EgressError as error:
            return _too_large(max_bytes) if error.reason == "too_large" else repeatable(error)
        if response.status == 404:
            return None
        if not response.ok:
            return repeatable(self._refusal(response))
        served = response.headers.get("Content-Type", "")
        mime_type = as_text(described, "mime_type") or served
        if served.startswith("text/html") and not mime_type.startswith("text/"):
            # What a refused token gets is a page with status 200, not the file.
            return Transient(code=0, title="a page came instead of the file", max_tries=3)
        return Downloaded(
            data=response.body, mime_type=mime_type, sha256=as_sha256(described, "sha256")
        )


def _too_large(max_bytes: int) -> Rejected:
    return Rejected(
        code=0,
        title="The file is too large",
        advice="Ask the customer for a smaller file.",
        detail=f"more than {max_bytes} bytes",
    )
