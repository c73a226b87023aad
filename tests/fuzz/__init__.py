"""The whole schema fuzzed by Schemathesis, in process, with the ids of a populated tenant."""
