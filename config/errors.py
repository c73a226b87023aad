"""Refusals of the glue between the apps."""

from kernel.errors import RateLimited


class TooManyStreams(RateLimited):
    code = "too_many_streams"
    title = "Too many open streams"
