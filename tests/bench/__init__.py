"""`make bench`: how fast the product is on this machine, beside what the machine itself can do."""
