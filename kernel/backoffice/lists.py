"""Lists that cost the same on the first page and in a large tenant: no totals, no free sorting."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.core.paginator import EmptyPage
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold import paginator, views

MOST_PAGES = 100


class InfinitePaginator(paginator.InfinitePaginator):
    """Previous and next, without a count. The name is the one that unfold's templates look for.

    Pages are skipped to, which costs what is skipped, so there is an end to it:
    whoever looks for something older filters or searches.
    """

    def validate_number(self, number: Any) -> int:
        number = int(super().validate_number(number))
        if number > MOST_PAGES:
            raise EmptyPage("search or filter instead of paging this far")
        return number


class ChangeList(views.ChangeList):
    """The order is the page's own, because an index serves it; ``?o=`` is not listened to.

    A page's ``listed`` narrows its list, not its rows' own pages.
    """

    result_list: Any

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        queryset: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        listed = self.model_admin.listed
        return queryset.filter(listed) if listed else queryset

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        self.model_admin.complete(request, self.result_list)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:
        return list(self.model_admin.get_ordering(request))


class ChoiceFilter(SimpleListFilter):
    """One indexed column with fixed choices.

    Without a choice the column is asked for all of them: the indexes have it
    before the order, and a list of values is merged in order where a missing
    condition would sort the whole tenant.
    """

    column = ""
    choices_: tuple[tuple[str, str], ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.choices_)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = [value for value, _ in self.choices_]
        if self.value() in known:
            return queryset.filter(**{self.column: self.value()})
        return queryset.filter(**{f"{self.column}__in": known})


def choice_filter(column: str, title: str, choices: list[tuple[str, str]]) -> type[ChoiceFilter]:
    """A filter class for ``column``."""
    names = {"column": column, "parameter_name": column, "title": title, "choices_": tuple(choices)}
    return type(f"{column.title()}Filter", (ChoiceFilter,), names)
