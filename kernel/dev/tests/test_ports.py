"""Ports: counted up from one, free for tests, and a clear word when one is taken."""

import socket

import pytest

from kernel.dev.errors import CannotStart
from kernel.dev.ports import FREE_PORTS, Ports, free_ports, is_free, require_free


def listening() -> socket.socket:
    server = socket.socket()
    server.bind(("127.0.0.1", free_ports(1)[0]))
    server.listen()
    return server


def test_ports_count_up_from_the_first() -> None:
    assert Ports.counted_from(8000) == Ports(8000, 8001, 8002, 8003, 8004, 8005)


@pytest.mark.parametrize("first", [0, 80, 1023, 65531, 70000])
def test_a_first_port_out_of_range_is_refused(first: int) -> None:
    with pytest.raises(CannotStart, match=f"PORT={first} is out of range"):
        Ports.counted_from(first)


def test_free_ports_are_different_and_outside_the_range_of_outgoing_connections() -> None:
    found = free_ports(20)
    assert len(set(found)) == 20
    assert set(found) <= set(FREE_PORTS)


def test_a_busy_port_is_named_with_what_to_do() -> None:
    with listening() as server:
        port = server.getsockname()[1]
        ports = Ports(*[*free_ports(3), port, port, port])
        with pytest.raises(CannotStart) as caught:
            require_free(ports, without={"mongod", "redis"})
    assert f"{port} (simulator) already in use" in str(caught.value)
    assert "make run PORT=" in str(caught.value)


def test_a_server_that_is_brought_along_needs_no_free_port() -> None:
    with listening() as server:
        port = server.getsockname()[1]
        require_free(Ports(*[*free_ports(4), port, port]), without={"mongod", "redis"})


def test_a_port_is_free_again_after_its_listener_is_gone() -> None:
    server = listening()
    port = server.getsockname()[1]
    assert not is_free(port)
    server.close()
    assert is_free(port)
