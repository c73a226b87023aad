"""A Celery task runs in the tenant that sent it: three signals carry the scope.

Signals, and not a task base class: overriding ``apply_async`` loses the tenant
on the second link of a chain.
"""

from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun

from kernel.scoping.context import current_scope, tenant_scope

HEADER = "x-tenant-id"
_entered: dict[str, Any] = {}


@before_task_publish.connect(weak=False)
def write_tenant(headers: dict[str, Any] | None = None, **_: Any) -> None:
    scope = current_scope()
    if headers is not None and isinstance(scope, str):
        headers[HEADER] = scope


@task_prerun.connect(weak=False)
def enter_tenant(task_id: str = "", task: Any = None, **_: Any) -> None:
    tenant = (getattr(task.request, "headers", None) or {}).get(HEADER) or task.request.get(HEADER)
    if tenant:
        scope = tenant_scope(tenant)
        scope.__enter__()
        _entered[task_id] = scope


@task_postrun.connect(weak=False)
def leave_tenant(task_id: str = "", **_: Any) -> None:
    scope = _entered.pop(task_id, None)
    if scope is not None:
        scope.__exit__(None, None, None)
