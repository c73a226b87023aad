"""The backoffice's building blocks.

An app's ``admin`` module registers ``BackofficeAdmin`` classes; an app above it
adds a ``panel`` to a page below. Which tenant is shown is the site's business
(``config.backoffice``): every page runs inside that tenant's scope.
"""
