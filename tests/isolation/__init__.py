"""Isolation as a specification that grows by itself."""
