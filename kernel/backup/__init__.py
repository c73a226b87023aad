"""A backup is a folder: collections of one moment, files, a manifest with hashes. No key is in it."""
