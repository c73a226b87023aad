"""The base of every view of the API."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.api.limits import READS, check_rate, tell_rate


class ApiView(APIView):
    """Limits who asks, then authenticates; operations (``config.api.operations``) do the rest."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        check_rate(request, self._class_of(request))
        super().initial(request, *args, **kwargs)

    def _class_of(self, request: Request) -> str:
        handler = getattr(self, (request.method or "").lower(), None)
        return str(getattr(handler, "rate", READS))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        tell_rate(getattr(request, "_request", request), response)
        return response

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What may be asked here, in ``Allow``; nothing else is told."""
        return Response(status=204)
