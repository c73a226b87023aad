"""A double of Meta for laptops, tests and benchmarks: the Graph API, its webhooks, and telephones.

It stands alone: nothing outside `channels.simulator` is imported, nothing is written to disk, and
everything it knows lives in one `State` with `reset()`. README.md describes its control API.
"""
