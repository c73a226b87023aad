"""Tests of the kernel, against real sockets and a real Redis."""
