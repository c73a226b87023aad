"""Tests of the Instagram provider; plain functions, no database, no network beyond this host."""
