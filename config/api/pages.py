"""Pages that hold a secret for a moment: nothing of them is kept, framed, or told to another site."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")  # fmt: skip
HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
           "Content-Security-Policy": POLICY, "X-Robots-Tag": "noindex"}  # fmt: skip


def private_page(
    request: HttpRequest, template: str, shown: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The page of ``template`` with the headers that keep what is on it here."""
    answer = render(request, template, shown, status=status)
    for name, value in HEADERS.items():
        answer[name] = value
    return answer
