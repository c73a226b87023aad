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
)
ACTIVE = (b"<!doctype html", b"<html", b"<svg", b"<script", b"<?xml")


def sniffed(data: bytes, claimed: str) -> str:
    """The type to store: what the bytes show; else the claim; text that a browser would run is plain."""
    for magic, offset, kind in SIGNATURES:
        if data[offset : offset + len(magic)] == magic:
            return kind
    if data[4:8] == b"ftyp":
        return claimed if claimed.startswith(("video/", "audio/")) else "video/mp4"
    if data[:512].lstrip().lower().startswith(ACTIVE):
        return "application/octet-stream"
    return claimed.split(";")[0].strip() or "application/octet-stream"
