"""Pages of tenants, of who is in them and of how staff come to them."""

from tenants.admin import keys, people, support, tenant

__all__ = ["keys", "people", "support", "tenant"]
