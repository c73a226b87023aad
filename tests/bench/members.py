"""`python -m tests.bench.members TENANT COUNT`: agents of a tenant, made by the product's own services."""

import sys

import django


def make(tenant_id: str, count: int) -> None:
    """Agents 1 to ``count``; those who are there already stay."""
    from accounts.models import User
    from kernel.scoping import tenant_scope
    from tenants.access import acting_as_system
    from tenants.models import Membership
    from tenants.services.members import add_member

    with tenant_scope(tenant_id), acting_as_system():
        for number in range(1, count + 1):
            email = f"agent{number}@{tenant_id}.test"
            user, _ = User.objects.get_or_create(email=email, defaults={"name": f"Agent {number}"})
            if not Membership.objects.filter(user_id=user.pk).exists():
                add_member(email=email, role="agent")


if __name__ == "__main__":
    django.setup()
    make(sys.argv[1], int(sys.argv[2]))
