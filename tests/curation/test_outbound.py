"""Where a person typed the address, the server goes out, and nowhere inside."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from ipaddress import ip_network

import pytest
import trustme

from curation import outbound
from curation.destinations import find, parse
from curation.errors import Unavailable
from curation.outbound import Refused, fetch, post
from tests.receiver import receiving

NAME = "hooks.example"
OURS = "127.0.0.5"  # stands for an address of the internet: it alone is allowed
INSIDE = "127.0.0.1"


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def production(settings):
    settings.LOCAL = False
    settings.OUTBOUND_ALLOW = [ip_network(OURS)]


@pytest.fixture
def authority(monkeypatch, tmp_path):
    """Its certificates are believed, as those of a company's own authority would be."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    outbound.certificates.cache_clear()
    yield authority
    outbound.certificates.cache_clear()


def certified(authority, *names):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def names(monkeypatch):
    """What names lead to, the next answer each time; and how often one was looked up."""
    return Names(monkeypatch)


class Names:
    def __init__(self, monkeypatch):
        self.answers, self.asked = {}, []
        self._system = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host, port, *args, **options):
        if host not in self.answers:
            return self._system(host, port, *args, **options)
        self.asked.append(host)
        if not self.answers[host]:
            raise socket.gaierror
        numbers = self.answers[host].pop(0)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))
            for number in numbers
        ]


class SlowNames:
    """A name server that has not answered before the test is over."""

    def __init__(self, monkeypatch):
        self.is_over = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: self.is_over.wait(30))


@pytest.mark.parametrize("ask", [fetch, lambda *args, **how: post(*args, b"", **how)])
def test_a_slow_name_server_has_the_same_deadline(production, monkeypatch, ask):
    names = SlowNames(monkeypatch)
    began = time.monotonic()

    with pytest.raises(Unavailable, match="too long"):
        ask(f"https://{NAME}/", seconds=0.1)

    assert time.monotonic() - began < 5
    names.is_over.set()


# ---- where it may lead -----------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.8", "172.16.3.4", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16",
        "192.88.99.1", "198.18.0.1", "203.0.113.9", "224.0.0.251", "239.255.255.250",
        "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "fe80::1",
        "fc00::1", "fd00:ec2::254", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1",
        "2001::1", "2001:db8::1", "2002:7f00:1::", "fec0::1", "100::1", "4000::1",
    ],
)  # fmt: skip
def test_an_address_inside_or_of_nobody_is_refused(production, names, number):
    names.answers[NAME] = [["8.8.8.8", number]]

    with pytest.raises(Refused, match="WINNOW_OUTBOUND_ALLOW"):
        find(f"https://{NAME}/")


@pytest.mark.parametrize("number", ["8.8.8.8", "2606:4700:4700::1111", OURS])
def test_an_address_of_the_internet_and_an_allowed_one_are_taken(production, names, number):
    names.answers[NAME] = [[number]]

    assert find(f"https://{NAME}/").numbers == (number,)


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "017700000001", "127.1", "0x7f.0.0.1", "0177.0.0.01",
     "[::1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "localhost", "0", "127.0.0.1.",
     "①②⑦.⓪.⓪.①", "ⓛocalhost"],
)  # fmt: skip
def test_loopback_is_seen_through_every_disguise(production, host):
    with pytest.raises((Refused, Unavailable)):
        find(f"https://{host}/")


@pytest.mark.parametrize(
    "address",
    ["", "hooks.example", "ftp://hooks.example/", "file:///etc/passwd", "gopher://x/",
     "http://hooks.example/", "https://", "https:///path", "https://me:secret@hooks.example/",
     "https://hooks.example\\@127.0.0.1/", "https://hooks.example/\r\nX-Evil: 1",
     "https://hooks.example/a b", "https://hooks.example\t/", "https://hooks.example:0/",
     "https://hooks.example:99999/", "https://[fe80::1%25eth0]/", "https://[::1/",
     "https://hooks.example/" + "a" * 2_000, "https://hooks.example/\x00"],
)  # fmt: skip
def test_what_is_no_plain_https_address_is_refused_in_a_form_already(production, address):
    with pytest.raises(Refused):
        parse(address)


def test_plain_http_is_for_loopback_on_a_persons_own_computer_only(
    receiver, names, settings
):
    assert fetch(receiver.address).text == "ok"
    names.answers[NAME] = [["8.8.8.8"]]
    with pytest.raises(Refused, match="https"):
        fetch(f"http://{NAME}/")

    settings.LOCAL, settings.OUTBOUND_ALLOW = False, [ip_network("127.0.0.0/8")]
    with pytest.raises(Refused, match="https"):
        fetch(receiver.address)
    assert len(receiver.heard) == 1


# ---- to that place, and no other -------------------------------------------------------


def test_a_name_that_leads_inside_the_second_time_gains_nothing(
    production, authority, names
):
    tls = certified(authority, NAME)
    with receiving(OURS, tls) as receiver, receiving(INSIDE) as inside:
        names.answers[NAME] = [[OURS], [INSIDE], [INSIDE]]

        answer = fetch(f"https://{NAME}:{receiver.port}/in?a=%0d%0ab")

        assert (answer.status, answer.text) == (200, "ok")
        assert names.asked == [NAME]
        assert receiver.names == [NAME]
        assert receiver.heard[0].first_line == "GET /in?a=%0d%0ab HTTP/1.1"
        assert receiver.heard[0].headers["Host"] == f"{NAME}:{receiver.port}"
        assert inside.heard == []


def test_a_certificate_of_another_name_is_not_believed(production, authority, names):
    with receiving(OURS, certified(authority, "other.example")) as receiver:
        names.answers[NAME] = [[OURS]]

        with pytest.raises(Unavailable, match="not safe.*hooks.example"):
            post(f"https://{NAME}:{receiver.port}/", b"secret")

        assert receiver.heard == []


def test_an_unknown_authority_is_not_believed(production, authority, names):
    with receiving(OURS, certified(trustme.CA(), NAME)) as receiver:
        names.answers[NAME] = [[OURS]]

        with pytest.raises(Unavailable, match="not safe"):
            fetch(f"https://{NAME}:{receiver.port}/")


def test_of_several_addresses_the_next_is_tried_where_nobody_answers(names, settings):
    with receiving(OURS) as receiver:
        names.answers[NAME] = [["127.0.0.6", OURS]]

        assert fetch(f"http://{NAME}:{receiver.port}/").text == "ok"


def test_proxies_of_the_environment_are_not_asked(receiver, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert fetch(receiver.address).text == "ok"


# ---- redirects -------------------------------------------------------------------------


def test_a_redirect_is_not_followed_unless_asked_for(receiver):
    receiver.says(302, Location="/elsewhere")

    assert fetch(receiver.address).status == 302
    assert post(receiver.address, b"{}").status == 302
    assert [heard.first_line for heard in receiver.heard] == [
        "GET / HTTP/1.1", "POST / HTTP/1.1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "place",
    ["http://169.254.169.254/latest/meta-data/", "https://169.254.169.254/", "//10.0.0.1/",
     "http://[fd00:ec2::254]/", "file:///etc/passwd", "ftp://127.0.0.1/", "http://a:b@127.0.0.1/"],
)  # fmt: skip
def test_a_redirect_inside_is_refused(receiver, place):
    receiver.says(302, Location=place)

    with pytest.raises(Refused):
        fetch(receiver.address, redirects=5)
    assert len(receiver.heard) == 1


def test_a_redirect_is_looked_up_and_checked_anew(receiver, names):
    names.answers[NAME] = [["127.0.0.1"], ["10.0.0.1"]]
    receiver.says(302, Location=f"http://{NAME}:{receiver.port}/again")

    with pytest.raises(Refused, match="10.0.0.1"):
        fetch(receiver.address, redirects=5)
    assert len(receiver.heard) == 2


def test_headers_stay_with_the_server_they_were_meant_for(receiver):
    with receiving(OURS) as other:
        receiver.says(307, Location=other.address)

        answer = fetch(receiver.address, headers={"Authorization": "Bearer x"}, redirects=1)

    assert (answer.text, answer.address) == ("ok", other.address)
    assert receiver.heard[0].headers["Authorization"] == "Bearer x"
    assert other.heard[0].headers["Authorization"] is None


def test_a_circle_of_redirects_ends(receiver):
    receiver.says(301, Location="/")

    with pytest.raises(Refused, match="on and on"):
        fetch(receiver.address, redirects=3)
    assert len(receiver.heard) == 4


# ---- answers ---------------------------------------------------------------------------


def test_what_is_posted_arrives_whole(receiver):
    receiver.says(422, b"no")

    answer = post(
        receiver.address, b'{"a":1}', headers={"Content-Type": "application/json"}
    )

    assert (answer.status, answer.text, answer.is_good) == (422, "no", False)
    heard = receiver.heard[0]
    assert (heard.body, heard.headers["Content-Type"]) == (b'{"a":1}', "application/json")


def test_an_endless_answer_is_left_in_the_middle(receiver):
    def pour(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:  # until the other side has gone
            connection.sendall(b"x" * 65_536)

    receiver.reply = pour

    with pytest.raises(Unavailable, match="more than 100000 bytes"):
        fetch(receiver.address, at_most=100_000)
    begun = post(receiver.address, b"{}", at_most=500, is_beginning_enough=True)
    assert begun.body == b"x" * 500


def test_endless_headers_are_not_read(receiver):
    receiver.reply = lambda connection: connection.sendall(
        b"HTTP/1.1 200 OK\r\n" + b"X-More: 1\r\n" * 50_000
    )

    with pytest.raises(Unavailable):
        fetch(receiver.address)


def test_a_bomb_is_not_unpacked(receiver):
    receiver.says(200, gzip.compress(b"0" * 10_000_000, mtime=0), Content_Encoding="gzip")

    with pytest.raises(Unavailable, match="packed"):
        fetch(receiver.address)
    assert receiver.heard[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("said", [b"H", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"])
def test_a_server_that_drips_does_not_move_the_deadline(receiver, said):
    def drip(connection):
        while True:
            connection.sendall(said[:1] if len(said) == 1 else said)
            time.sleep(0.02)

    receiver.reply = drip
    started = time.monotonic()

    with pytest.raises(Unavailable):
        fetch(receiver.address, seconds=0.3)
    assert time.monotonic() - started < 20, "it drips for ever"


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\n", b"\x00" * 99]
)
def test_one_that_breaks_off_or_speaks_otherwise_is_unavailable(receiver, said):
    receiver.reply = lambda connection: connection.sendall(said)

    with pytest.raises(Unavailable, match="broke off"):
        fetch(receiver.address)


def test_nobody_there_is_said_plainly(names):
    names.answers["nowhere.invalid"] = []
    with pytest.raises(Unavailable, match="Nobody answers there"):
        fetch("http://127.0.0.1:1/")
    with pytest.raises(Unavailable, match="no server named nowhere.invalid"):
        fetch("https://nowhere.invalid/")


def test_something_else_than_json_is_unavailable(receiver):
    receiver.says(200, b"<html>")
    with pytest.raises(Unavailable, match="something else"):
        fetch(receiver.address).json()
    receiver.says(200, b"[" * 200_000)
    with pytest.raises(Unavailable, match="something else"):
        fetch(receiver.address).json()
    receiver.says(200, b'{"keys": []}')
    assert fetch(receiver.address).json() == {"keys": []}
