"""Tests of the WhatsApp provider; plain functions, no database, no network beyond this host."""
