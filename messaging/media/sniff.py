"""What a file is, by its first bytes. A claim that the bytes contradict is not believed."""

SIGNATURES: tuple[tuple[bytes, int, str], ...] = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"WEBP", 8, "image/webp"),
    (b"GIF8", 0, "image/gif"),
    (b"%PDF-", 0, "application/pdf"),
    (b"OggS", 0, "audio/ogg"),
    (b"ID3", 0, "audio/mpeg"),
    (b"#!AMR", 0, "audio/amr"),
    (b"WAVE", 8, "audio/wav"),
    (b"AVI ", 8, "video/x-msvideo"),
    (b"\x1aE\xdf\xa3", 0, "video/webm"),
    (b"\xff\xf1", 0, "audio/aac"),
    (b"\xff\xf9", 0, "audio/aac"),
)
# The brands of the container that begins with ``ftyp``, where the claim does not say what is in it.
BRANDS = {b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime", b"heic": "image/heic",
          b"heix": "image/heic", b"mif1": "image/heic", b"avif": "image/avif",
          b"3gp4": "video/3gpp", b"3gp5": "video/3gpp"}  # fmt: skip
ACTIVE = (b"<!doctype html", b"<html", b"<svg", b"<script", b"<?xml")


def sniffed(data: bytes, claimed: str) -> str:
    """The type to store: what the bytes show; else the claim; text that a browser would run is plain."""
    for magic, offset, kind in SIGNATURES:
        if data[offset : offset + len(magic)] == magic:
            return kind
    if data[4:8] == b"ftyp":
        if claimed.startswith(("video/", "audio/")):
            return claimed.split(";")[0].strip()
        return BRANDS.get(data[8:12], "video/mp4")
    if data[:512].lstrip().lower().startswith(ACTIVE):
        return "application/octet-stream"
    return claimed.split(";")[0].strip() or "application/octet-stream"
