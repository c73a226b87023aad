"""The backoffice's site: who comes in, which tenant they look at, what stands on its first pages."""

from config.backoffice.site import Backoffice

__all__ = ["Backoffice"]
