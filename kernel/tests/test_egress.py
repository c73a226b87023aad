"""The outgoing door: which places it refuses to reach, and an ordinary exchange."""

import json
import socket
import time
from ipaddress import ip_address
from typing import Any

import pytest

from kernel.egress import AllowList, Blocked, NotSent, configured_allow, request
from kernel.egress import resolver as resolver_module
from kernel.egress.addresses import is_public
from kernel.egress.pool import POOL
from kernel.egress.resolver import CachingResolver
from kernel.tests.loopback import LOOPBACK, OK, Server, answering, get, listening, read_request

_PRIVATE = """
    0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 192.0.0.8
    192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1
    240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
    ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1
    2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1
    fec0::1 ff02::1
"""

# Everything here means this machine, a private network, or a parser's mistake about either.
_FORMS = """
    127.0.0.1 127.1 127.0.1 0 0.0.0.0 0x7f.1 0x7f000001 0x7f.0x0.0x0.0x1 2130706433 017700000001
    0177.0.0.1 127.0.0.01 127.0.0.1. 127。0。0。1 １２７.0.0.1 ①②⑦.0.0.1 localhost localhost.
    LOCALHOST [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [0:0:0:0:0:0:0:1]
    [64:ff9b::7f00:1] [2002:7f00:1::] [fe80::1%25lo] [::1%25lo] 169.254.169.254 2852039166
    [::ffff:169.254.169.254] user@127.0.0.1 example.com@127.0.0.1 example.com:pw@127.0.0.1
    example.com%00.127.0.0.1 127.0.0.1%2f.example.com 127%2e0%2e0%2e1 -a.example.com a..b
    999.1.1.1 1.2.3.4.5 1e3.0x7f
"""


@pytest.mark.parametrize("text", _PRIVATE.split())
def test_address_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "157.240.1.35", "2a03:2880:f12f:83::1", "64:ff9b::101:101"]
)
def test_address_is_public(text: str) -> None:
    assert is_public(ip_address(text))


def test_no_form_of_a_private_address_reaches_a_listener() -> None:
    with listening(answering(OK)) as server:
        for form in _FORMS.split():
            for url in (
                f"http://{form}:{server.port}/",
                f"https://{form}:{server.port}/",
                f"https://{form}/",
                f"http://{form}/",
            ):
                with pytest.raises(NotSent) as caught:
                    request("GET", url, allow=(), timeout_s=1.0)
                assert caught.value.public_reason == "unusable_address", url
        assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://1.1.1.1/",
        "//1.1.1.1/",
        "1.1.1.1",
        "",
        "https://",
        "https:///x",
        "http://1.1.1.1/",  # plain http
        "https://1.1.1.1:27017/",
        "https://1.1.1.1:6379/",
        "https://1.1.1.1:0/",
        "https://1.1.1.1:99999/",
        "https://1.1.1.1:x/",
        "https://1.1.1.1\\@127.0.0.1/",
        "https://1.1.1.1/a\r\nX: y",
        "https://1.1.1.1 /",
        "https://1.1.1.1\t/",
        "https://[::1/",
        "https://1.1.1.1/" + "a" * 9000,
        "https://" + "a" * 300 + "/",
        "https://xn--a\u0000.com/",
    ],
)
def test_url_is_refused_before_anything_leaves(url: str) -> None:
    with pytest.raises(Blocked):
        request("GET", url, allow=())


def test_name_that_turns_private_after_its_check_never_reaches_the_listener() -> None:
    answers: list[list[str]] = [
        [],
        ["93.184.216.34", "127.0.0.1"],
        ["127.0.0.1"],
        ["93.184.216.34"],
    ]
    with listening(answering(OK)) as server:
        # One lookup a request, whatever comes of it: there is no second one to lie to.
        for left in (3, 2, 1, 0):
            with pytest.raises(Blocked):
                request(
                    "GET",
                    f"https://rebind.example:{server.port}/",
                    allow=(),
                    resolver=lambda host: answers.pop(),
                )
            assert len(answers) == left
        assert server.connections == 0


def test_connection_goes_to_the_checked_address_under_the_host_name() -> None:
    requests: list[bytes] = []

    def handler(connection: socket.socket, number: int) -> None:
        requests.append(read_request(connection))
        connection.sendall(OK)

    with listening(handler) as server:
        answer = request(
            "GET",
            f"http://graph.example:{server.port}/me",
            allow=LOOPBACK,
            resolver=lambda host: ["127.0.0.1"],
        )
    assert answer.body == b"ok"
    assert f"\r\nHost: graph.example:{server.port}\r\n".encode() in requests[0]


def test_allow_list_reads_hosts_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCHBOARD_EGRESS_ALLOW", " Simulator.internal, 10.1.0.0/16 ,[::1],")
    allow = configured_allow()
    assert allow.has_host("simulator.internal") and not allow.has_host("other.internal")
    assert allow.has_address(ip_address("10.1.2.3")) and allow.has_address(ip_address("::1"))
    assert not allow.has_address(ip_address("10.2.0.1"))
    monkeypatch.delenv("SWITCHBOARD_EGRESS_ALLOW")
    assert configured_allow() == AllowList()
    with pytest.raises(ValueError, match="any port"):
        AllowList.parse("localhost:9000")


def test_environment_decides_when_no_list_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answering(OK)) as server:
        monkeypatch.delenv("SWITCHBOARD_EGRESS_ALLOW", raising=False)
        with pytest.raises(Blocked):
            get(server, allow=None)
        monkeypatch.setenv("SWITCHBOARD_EGRESS_ALLOW", "127.0.0.0/8")
        assert get(server, allow=None).status == 200
        assert server.connections == 1


def test_proxy_settings_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    with listening(answering(OK)) as server:
        assert get(server).status == 200


def test_slow_name_server_costs_no_more_than_the_connect_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lookups: list[str] = []

    def slow(host: str) -> tuple[str, ...]:
        lookups.append(host)
        time.sleep(0.3)
        return ("1.1.1.1",)

    monkeypatch.setattr(resolver_module, "system_lookup", slow)
    resolver = CachingResolver()
    begun = time.monotonic()
    for _ in range(2):
        with pytest.raises(NotSent) as caught:
            resolver.lookup("slow.example", 0.05)
        assert caught.value.reason == "dns"
    assert time.monotonic() - begun < 0.2
    assert list(resolver.lookup("slow.example", 1.0)) == ["1.1.1.1"]
    assert list(resolver.lookup("slow.example", 1.0)) == ["1.1.1.1"]
    assert lookups == ["slow.example"]


def _exchange(server: Server) -> None:
    answer = request(
        "POST",
        server.url + "v1/ä?x=1&to[]=2#part",
        params={"y": "é&", "z": None, "ids": [1, 2]},
        headers={"Authorization": "Bearer abc"},
        json={"text": "grüße"},
        allow=LOOPBACK,
    )
    assert answer.status == 201 and answer.ok and answer.json() == {"id": 1}
    assert answer.headers["X-A"] == "1, 2" and "x-a" in answer.headers


def test_request_carries_method_path_query_headers_and_json() -> None:
    requests: list[bytes] = []

    def handler(connection: socket.socket, number: int) -> None:
        requests.append(read_request(connection))
        connection.sendall(b"HTTP/1.1 201 Created\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 8\r\n\r\n")
        connection.sendall(b'{"id":1}')

    with listening(handler) as server:
        _exchange(server)
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/%C3%A4?x=1&to[]=2&y=%C3%A9%26&ids=1&ids=2 HTTP/1.1\r\n")
    lines = head.split(b"\r\n")
    assert b"Authorization: Bearer abc" in lines and b"Accept-Encoding: identity" in lines
    assert json.loads(body) == {"text": "grüße"}


def test_files_go_as_multipart_with_their_fields() -> None:
    requests: list[bytes] = []

    def handler(connection: socket.socket, number: int) -> None:
        requests.append(read_request(connection))
        connection.sendall(OK)

    with listening(handler) as server:
        request(
            "POST",
            server.url,
            data={"messaging_product": "whatsapp"},
            files={"file": ("a.png", b"\x89PNG", "image/png")},
            allow=LOOPBACK,
        )
    assert b"Content-Type: multipart/form-data; boundary=" in requests[0]
    assert b'name="file"; filename="a.png"' in requests[0] and b"\x89PNG" in requests[0]
    assert b'name="messaging_product"' in requests[0] and b"whatsapp" in requests[0]


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"X": "a\r\nHost: b"}},
        {"headers": {"X Y": "a"}},
        {"headers": {"host": "b"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"json": {}, "data": b"x"},
        {"json": float("nan")},
        {"data": b"x", "files": {"f": ("a", b"", "b/c")}},
    ],
)
def test_call_that_makes_no_sound_request_is_refused(options: dict[str, Any]) -> None:
    with listening(answering(OK)) as server:
        with pytest.raises(ValueError):
            get(server, **options)
        assert server.connections == 0 and len(POOL) == 0
