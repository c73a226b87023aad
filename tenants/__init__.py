"""Tenant agent: tenants, their members, roles and settings, API keys, and the middleware that enters a tenant."""
