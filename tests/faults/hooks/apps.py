"""Installs the hooks that the environment names."""

import os
from importlib import import_module

from django.apps import AppConfig


class HooksConfig(AppConfig):
    name = "tests.faults.hooks"
    label = "fault_hooks"

    def ready(self) -> None:
        for name in filter(None, os.environ.get("FAULTS_HOOKS", "").split(",")):
            import_module(f"tests.faults.hooks.{name}").install()
