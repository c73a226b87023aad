"""Abuse, generated from the schema: another tenant's ids, operators, every field, faults in every view."""
