"""The whole system on one machine, for developing and testing it.

`python -m kernel.dev run` starts real database servers, the simulator of Meta's APIs and every
process of the product under one supervisor; `test` and `check` start the servers on free ports
for the length of one run; `kernel.dev.embedded.Stack` lends the same processes to fault tests.
Plain Python: nothing here imports Django, so it works before the project can be configured.
"""
