"""The Tenant agent's part of the API: who am I, tenants, members, roles, keys."""
