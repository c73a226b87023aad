"""The inbound edge: a process of its own that answers 200 only to what is durable.

A bare ASGI application without Django, because providers switch off whoever is
slow, and because deploying or overloading the API must not touch ingestion.
"""
