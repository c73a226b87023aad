"""The system checks hold the tenancy rules for models that do not exist yet."""

import pytest
from django.apps import apps
from django.db import models

from kernel.scoping.checks import check_tenancy
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel
from kernel.scoping.registry import GLOBAL_MODELS
from tests.factories import Contact


@pytest.fixture
def forget_models():
    """Models that a test defines are taken out of the registry again."""
    before = dict(apps.all_models["kernel"])
    yield
    apps.all_models["kernel"].clear()
    apps.all_models["kernel"].update(before)
    apps.clear_cache()


def problems(model):
    apps.clear_cache()
    return sorted(m.id for m in check_tenancy(None) if m.obj is model)


def test_the_project_itself_passes():
    assert check_tenancy(None) == []


def test_every_global_model_exists_and_belongs_to_no_tenant():
    for label in GLOBAL_MODELS:
        assert not issubclass(apps.get_model(label), TenantModel)


def test_a_model_that_is_neither_owned_nor_listed_is_found(forget_models):
    class Loose(models.Model):
        class Meta:
            app_label = "kernel"

    assert problems(Loose) == ["kernel.T001"]


def test_a_plain_foreign_key_between_tenants_rows_is_found(forget_models):
    class Pointing(TenantModel):
        to = models.ForeignKey(Contact, models.CASCADE, related_name="+", db_index=False)

        class Meta(TenantModel.Meta):
            app_label = "kernel"

    assert problems(Pointing) == ["kernel.T002"]


def test_a_many_to_many_table_is_found(forget_models):
    class Knotted(TenantModel):
        to = models.ManyToManyField(Contact, related_name="+")

        class Meta(TenantModel.Meta):
            app_label = "kernel"

    assert "kernel.T003" in problems(Knotted)


def test_an_index_that_does_not_start_with_the_tenant_is_found(forget_models):
    class Slow(TenantModel):
        name = models.CharField(max_length=9)
        code = models.CharField(max_length=9, db_index=True)

        class Meta(TenantModel.Meta):
            app_label = "kernel"
            indexes = [models.Index(fields=["name"], name="slow_name")]
            constraints = [models.UniqueConstraint(fields=["name", "tenant"], name="slow_once")]

    assert problems(Slow) == ["kernel.T004", "kernel.T004", "kernel.T005"]


def test_a_well_formed_model_passes(forget_models):
    class Fine(TenantModel):
        name = models.CharField(max_length=9)
        to = TenantForeignKey(Contact, models.CASCADE, related_name="+")

        class Meta(TenantModel.Meta):
            app_label = "kernel"
            indexes = [models.Index(fields=["tenant", "name"], name="fine_name")]

    assert problems(Fine) == []
