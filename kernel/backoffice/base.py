"""The base of every page of the backoffice: read-only lists and details of one model."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar

from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import display_for_field, label_for_field, lookup_field, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from kernel.backoffice.columns import NOTHING, time_of
from kernel.backoffice.lists import ChangeList, InfinitePaginator
from kernel.backoffice.panels import panels_of
from kernel.backoffice.steps import ID, Stepping


class Titled:
    """A model's options under the names that the page gives it; its first crumb is the overview."""

    def __init__(self, opts: Any, one: str, many: str) -> None:
        self._opts, self.verbose_name, self.verbose_name_plural = opts, one, many
        self.app_config = SimpleNamespace(verbose_name="Overview")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opts, name)


class BackofficeAdmin(Stepping, ModelAdmin):  # type: ignore[misc]
    """Lists by an index, details as facts and panels; nothing is edited, ``steps`` act.

    ``needs_tenant`` pages run inside the chosen tenant's scope. ``facts`` are
    field names or columns. The search finds what ``found_by`` says, by equality
    on an index; text never becomes a pattern.
    """

    needs_tenant: ClassVar[bool] = True
    one: ClassVar[str]
    many: ClassVar[str]
    facts: ClassVar[Sequence[str | Callable[[Any], Any]]] = ()

    ordering: Sequence[str] = ("-id",)
    listed: ClassVar[Q | None] = None
    paginator = InfinitePaginator
    list_per_page = 50
    list_max_show_all = 0
    list_select_related = False
    list_disable_select_all = True
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    sortable_by = ()
    search_fields = ("id",)
    search_help_text = "an id"

    # ------------------------------------------------------------------ permissions

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.admin_site.has_permission(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # ------------------------------------------------------------------ the list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChangeList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        extra = {"title": self.many, "opts": self.titled, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, extra)
        return response

    def complete(self, request: HttpRequest, rows: list[Any]) -> None:
        """Give the rows of a page of the list what they are shown with, in few reads."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what a filter of this page declares: a free ``?name__regex=`` would reach the server."""
        filters = self.get_list_filter(request)
        return lookup in {getattr(entry, "parameter_name", "") for entry in filters}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        match = self.found_by(term)
        return (queryset.filter(match) if match is not None else queryset.none()), False

    def found_by(self, term: str) -> Q | None:
        """The rows that a search is for, or None for no row; by default the row with that id."""
        return Q(pk=term.lower()) if ID.match(term.lower()) else None

    # ------------------------------------------------------------------ one row

    @property
    def titled(self) -> Titled:
        return Titled(self.opts, self.one, self.many)

    def address(self, row: Model) -> str:
        """Where the row's page is."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    def title_of(self, row: Any) -> str:
        """The heading of the row's page."""
        return f"{self.one} {row.pk}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(
                request, self.opts, object_id
            )
            return missing
        many = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": self.title_of(row), "row": row, "many": self.many, "many_url": many,
            "facts": [self._fact(name, row) for name in self.facts],
            "steps": self.steps_for(request, row), "panels": panels_of(request, row),
            **(extra_context or {}),
        }  # fmt: skip
        return TemplateResponse(request, "admin/backoffice/detail.html", context)

    def _fact(self, name: Any, row: Model) -> tuple[str, Any]:
        label = label_for_field(name, self.model, self)
        field, _, value = lookup_field(name, row, self)
        if isinstance(field, DateTimeField):
            value = time_of(value)
        elif field is not None:
            value = display_for_field(value, field, NOTHING)
        return label, NOTHING if value in (None, "") else value
