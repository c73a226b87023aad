"""The login that the product's processes have at MongoDB: its own database, and nothing beside it."""

from django.db import connection


def let_in(name: str, password: str) -> bool:
    """Make the user, or give the one that is there this password and exactly these rights.

    It reads and writes the one database of ``MONGODB_NAME``. It cannot change users, parameters or
    other databases, nor look into other logins' sessions; its own it may end, which is what frees the
    rows of a worker that died. Whoever calls this is logged in as one who may make users.

    Returns:
        Whether the user is new.
    """
    connection.ensure_connection()
    admin = connection.connection.admin
    rights = [{"role": "readWrite", "db": connection.settings_dict["NAME"]}]
    is_new = not admin.command("usersInfo", name)["users"]
    admin.command("createUser" if is_new else "updateUser", name, pwd=password, roles=rights)
    return is_new
