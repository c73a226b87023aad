"""The REST glue that every app's API shares: errors, parsing, paging, the schema."""
