"""Archives: a tenant's rows and files as one file, back into rows, and out of every place there is.

Knows models, files and hashes, and no business; ``archives/`` decides what is carried and when.
"""
