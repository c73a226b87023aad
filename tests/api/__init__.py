"""The API as its callers meet it: each answer is checked against the schema that it promises."""
