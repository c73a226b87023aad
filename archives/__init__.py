"""Archives: a tenant moved out, moved in, or erased; a person forgotten; what is too old removed."""
