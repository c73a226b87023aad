"""Tests of signing in, through the addresses that front-ends use."""
