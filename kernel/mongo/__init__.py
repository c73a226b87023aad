"""MongoDB under Django: the database engine, ids, transactions and the guarded doors to collections."""
