"""Somebody who calls the API."""

from typing import Any

from django.test import Client

from tests.api import contract

PREFIX = "/api/v1/"


class Caller:
    """One credential. Each answer is checked against the schema."""

    def __init__(self, *, csrf: bool = False, **headers: str) -> None:
        self.client = Client(enforce_csrf_checks=csrf, raise_request_exception=True)
        self.headers = headers

    def get(self, path: str, /, headers: dict[str, str] | None = None, **query: Any) -> Any:
        return self.call("get", path, query=query, headers=headers)

    def post(self, path: str, body: Any = None, /, **headers: str) -> Any:
        return self.call("post", path, body=body, headers=headers)

    def patch(self, path: str, body: Any = None, /, **headers: str) -> Any:
        return self.call("patch", path, body=body, headers=headers)

    def delete(self, path: str, /, **headers: str) -> Any:
        return self.call("delete", path, headers=headers)

    def call(
        self, method: str, path: str, *, body: Any = None, query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:  # fmt: skip
        """``path`` is below ``/api/v1/``; header names are written with underscores."""
        sent = {**self.headers, **(headers or {})}
        given: dict[str, Any] = {"headers": {k.replace("_", "-"): v for k, v in sent.items()}}
        if query:
            given["query_params"] = query
        if body is not None or method in ("post", "patch"):
            given |= {"data": body if body is not None else {}, "content_type": "application/json"}
        response = getattr(self.client, method)(PREFIX + path, **given)
        contract.check(method, PREFIX + path, response)
        return response

    def upload(self, data: bytes, name: str, kind: str, **headers: str) -> Any:
        """Post a file to ``media`` as a form."""
        from django.core.files.uploadedfile import SimpleUploadedFile

        sent = {k.replace("_", "-"): v for k, v in {**self.headers, **headers}.items()}
        file = SimpleUploadedFile(name, data, kind)
        response = self.client.post(PREFIX + "media", {"file": file}, headers=sent)
        contract.check("post", PREFIX + "media", response)
        return response


def code_of(response: Any) -> str:
    """The code of a refusal."""
    return str(response.json()["code"])


def fields_of(response: Any) -> list[str]:
    """The fields that a refusal names."""
    return [error["field"] for error in response.json()["errors"]]
