"""Test-only code inside the product's processes.

A process that is started with `DJANGO_SETTINGS_MODULE=tests.faults.hooks.settings` installs this
app behind the product's own; it imports the modules that `FAULTS_HOOKS` names, and each wraps
functions of the product. Nothing of the product knows of it.
"""
