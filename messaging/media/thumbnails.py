"""A smaller copy of an image. The bytes are a stranger's: few formats, bounded pixels, nothing kept but the picture."""

import io
import warnings

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageOps

from kernel.scoping.keys import tenant_path

log = structlog.get_logger(agentName="message")
SIDE = 320
MOST_PIXELS = 30_000_000  # about 120 MB while it is being reduced
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MIME_TYPE = "image/webp"


def thumbnail_of(data: bytes) -> bytes | None:
    """A WebP of at most ``SIDE`` pixels each way; None for what is no image, or too large a one.

    The size stands in the file's head and is looked at before anything is unpacked.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    return None
                image.draft("RGB", (SIDE, SIDE))
                return _reduced(image)
    except Exception as error:  # noqa: BLE001  (a broken image breaks in any way that a decoder can)
        log.info("thumbnail.none", error=type(error).__name__)
        return None


def _reduced(image: Image.Image) -> bytes:
    image.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    upright = ImageOps.exif_transpose(image)
    has_alpha = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    plain = upright.convert("RGBA" if has_alpha else "RGB")
    plain.info.clear()  # where and with what it was taken is nobody's business
    out = io.BytesIO()
    plain.save(out, "WEBP", quality=80)
    return out.getvalue()


def path_of(digest: str) -> str:
    """Where the copy of the bytes with this hash is kept: one for all who have the same bytes."""
    return tenant_path("thumbnails", digest[:2], digest)


def keep_thumbnail(digest: str, data: bytes, mime_type: str) -> str:
    """Keep an image's smaller copy; returns its path, empty where there is none to make."""
    small = thumbnail_of(data) if mime_type.startswith("image/") else None
    if small is None:
        return ""
    path = path_of(digest)
    if default_storage.exists(path):
        default_storage.delete(path)  # a killed process may have left half of it
    return default_storage.save(path, ContentFile(small))
