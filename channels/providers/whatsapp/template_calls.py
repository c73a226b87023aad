"""What only calls about templates need: a file's way to Meta, and what a refusal speaks of.

Source: Meta's pages on the Resumable Upload API and on template management.
"""

from collections.abc import Callable
from urllib.parse import parse_qsl

from channels.providers.contract import ChannelBroken, Outcome, Rejected, Transient
from channels.providers.whatsapp.access import as_text
from channels.providers.whatsapp.graph import Operation, no_id, read_json
from kernel import egress

# Meta takes a name by a pattern that it does not tell; nobody is shown this one.
NAMES = {"image/jpeg": "example.jpg", "image/png": "example.png", "video/mp4": "example.mp4",
         "application/pdf": "example.pdf"}  # fmt: skip
Try = Callable[[Callable[[], egress.Response]], egress.Response | Outcome]

_SYNC = "Have the templates synchronised."
_THE_APP = "An administrator must check that this channel's token is of the app whose id it has."


def hand_over(
    attempt: Try, operation: Operation, app_id: str, data: bytes, mime_type: str
) -> str | Outcome:
    """Upload a file to the app that the token is of, in two calls; returns the file's handle.

    ``attempt`` tells the outcome of a call that failed. Nothing is resumed: after a failure the
    whole is asked again, and what Meta has of it ends by itself.
    """
    if not app_id:
        return no_id("app")
    described = {"file_length": str(len(data)), "file_type": mime_type,
                 "file_name": NAMES.get(mime_type, "example")}  # fmt: skip
    begun = attempt(lambda: operation.call("POST", app_id, "uploads", params=described))
    if not isinstance(begun, egress.Response):
        return _about_app(begun)
    session = as_text(read_json(begun), "id")
    if not session:
        return Transient(code=0, title="no usable answer (no upload session)")
    # The session's id is an address with a query: upload:MTph…?sig=ARZ…
    path, _, query = session.partition("?")
    taken = attempt(
        lambda: operation.call(
            "POST",
            *path.split("/"),
            params=dict(parse_qsl(query, keep_blank_values=True)),
            scheme="OAuth",
            headers={"file_offset": "0", "Content-Type": "application/octet-stream"},
            data=data,
        )
    )
    if not isinstance(taken, egress.Response):
        return _about_app(taken)
    handle = as_text(read_json(taken), "h")
    return handle or Transient(code=0, title="no usable answer (no handle)")


def _about_app(answer: Outcome) -> Outcome:
    """For an upload, "missing or no permission" speaks of the app, not of the number."""
    if isinstance(answer, ChannelBroken) and answer.code == 100:
        return Rejected(code=100, title="The app takes no file with this token", advice=_THE_APP)
    return answer


def about_template(answer: Outcome) -> Outcome:
    """For a template, "missing or no permission" speaks of it, not of the channel."""
    if isinstance(answer, ChannelBroken) and answer.code == 100:
        return Rejected(code=100, title="The template is gone at WhatsApp", advice=_SYNC)
    return answer
