"""Images as customers send them, made on the spot."""

import io
import struct
import zlib

from PIL import Image


def picture(
    width: int = 640, height: int = 480, *, form: str = "JPEG", mode: str = "RGB", **how: object
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), "teal").save(out, form, **how)
    return out.getvalue()


def bomb(side: int = 60_000) -> bytes:
    """A PNG of a few bytes that says it is enormous."""

    def chunk(name: bytes, data: bytes) -> bytes:
        whole = name + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
