"""The Django database engine: django-mongodb-backend with queries that use indexes, and the tenant guard.

``compiler.py`` mends what would scan, sort or join in memory; ``schema.py``
makes unique indexes that serve lookups; ``guard.py`` stands between the ORM and
the wire; ``base.py`` puts them together. ADR 0003 says why each exists.
"""
