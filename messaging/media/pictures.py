"""What a stored image shows of itself. The bytes are a stranger's: few formats, only the head is looked at."""

import structlog
from django.core.files.storage import default_storage
from PIL import Image

from channels.providers.contract import Picture
from messaging.media.thumbnails import FORMATS
from messaging.models import Attachment

log = structlog.get_logger(agentName="message")


def look_at(file: Attachment) -> Picture | None:
    """Its size and whether it moves; None for what is no image that can be read."""
    try:
        with (
            default_storage.open(file.path, "rb") as stored,
            Image.open(stored, formats=FORMATS) as image,
        ):
            is_animated = getattr(image, "is_animated", False)  # not every format has the word
            return Picture(width=image.width, height=image.height, is_animated=is_animated)
    except Exception as error:  # noqa: BLE001  (a broken image breaks in any way that a decoder can)
        log.info("picture.none", error=type(error).__name__)
        return None
