"""The server of `emkit explore`: for this machine and its own page alone."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress

import pytest

from emkit.errors import DataError
from emkit.lessons import linkage, two_coins
from emkit.page.explore import server_for
from emkit.page.server import MOST_BYTES, SECONDS, Served, Server

WISH = {"components": 2, "hard": False, "seed": 3}


@pytest.fixture(scope="module")
def server():
    server = server_for(two_coins())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def ask(server, method="GET", path="", body=None, **headers):
    """Status and body of a request with these headers; `path` is below the token unless it begins with a slash."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=20)
    connection.putrequest(
        method, path if path.startswith("/") else f"/{server.served.token}/{path}", skip_host="Host" in headers
    )
    if body is not None:
        headers = {"Content_Length": str(len(body)), "Content_Type": "application/json", **headers}
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def refit(server, wish, **headers):
    status, body = ask(server, "POST", "refit", json.dumps(wish).encode(), **headers)
    return status, json.loads(body)


def test_the_page_is_at_its_address(server):
    with urllib.request.urlopen(server.address) as answer:
        text = answer.read().decode()
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "emkit/" not in (answer.headers["Server"] or "")
    assert "Two coins" in text
    assert "connect-src 'self'" in text
    assert server.served.token not in text


def test_a_refit_is_a_trace(server):
    status, trace = refit(server, WISH)
    assert (status, trace["schema"]) == (200, "emkit-page/1")
    assert trace["path"][0] != [0.5, 0.5, 0.6, 0.5]
    assert trace["path"][0][:2] == [0.5, 0.5]
    status, three = refit(server, {**WISH, "components": 3, "hard": True})
    assert (status, len(three["components"]), three["posterior"]) == (200, 3, False)
    status, own = refit(server, {**WISH, "seed": 0})
    assert own["path"][0] == [0.5, 0.5, 0.6, 0.5]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "127.0.0.1:1", "", "[::1]:{port}"]
)
def test_a_foreign_host_is_refused(server, host):
    name = host.format(port=server.server_address[1])
    assert ask(server, Host=name)[0] == 403
    assert ask(server, "POST", "refit", json.dumps(WISH).encode(), Host=name)[0] == 403


def test_a_foreign_page_is_refused(server):
    assert refit(server, WISH, Origin="http://evil.example")[0] == 403
    assert refit(server, WISH, Origin="null")[0] == 403
    assert refit(server, WISH, Origin=f"http://127.0.0.1:{server.server_address[1]}")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/refit",
        "/index.html",
        "/wrong/",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "../../../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "....//....//etc/passwd",
        "refit",
        "?x=1",
        "./",
        "/" + "a" * 3000,
        "file:///etc/passwd",
        "\\..\\..\\windows\\win.ini",
    ],
)
def test_there_is_nothing_anywhere_else(server, path):
    status, body = ask(server, path=path)
    assert status == 404
    assert b"root:" not in body


def test_nothing_changes_without_the_token(server):
    body = json.dumps(WISH).encode()
    for path in ("/refit", "/wrong-token/refit", f"/{server.served.token[:-1]}/refit", f"/{server.served.token}x/refit"):
        assert ask(server, "POST", path, body)[0] == 404
    assert len(server.served.token) >= 20


def test_bodies_are_limited(server):
    assert ask(server, "POST", "refit", Content_Length=str(2**31))[0] == 413
    assert ask(server, "POST", "refit", Content_Length="9" * 400)[0] == 413
    assert ask(server, "POST", "refit", b" " * (MOST_BYTES + 1))[0] == 413
    assert ask(server, "POST", "refit")[0] == 411
    assert ask(server, "POST", "refit", Content_Length="-5")[0] == 411
    assert ask(server, "POST", "refit", Transfer_Encoding="chunked")[0] == 411
    assert ask(server, "POST", "refit", b"{}", Content_Type="text/plain")[0] == 415
    assert ask(server, "POST", "refit", b"[" * 5000)[0] == 400
    assert ask(server, "POST", "refit", b"\xff\xfe")[0] == 400


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({}, "a refit needs components, hard and seed"),
        ([1], "a refit needs"),
        ({**WISH, "components": 10**9}, "components is 1000000000; it must be a whole number from 1 to 6"),
        ({**WISH, "components": True}, "components is True"),
        ({**WISH, "components": "2"}, "components is 2"),
        ({**WISH, "seed": -1}, "seed is -1"),
        ({**WISH, "hard": 1}, "hard is 1"),
        ({**WISH, "model": "os.system"}, "and nothing else"),
    ],
)
def test_a_wish_that_cannot_be_is_a_sentence(server, wish, sentence):
    status, answer = refit(server, wish)
    assert status == 400
    assert sentence in answer["error"]


def test_other_methods_are_refused(server):
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"):
        assert ask(server, method)[0] == 501


def test_one_refit_at_a_time(server):
    with server.served.busy:
        assert refit(server, WISH)[0] == 429
    assert refit(server, WISH)[0] == 200


def test_tables_of_cells_keep_their_states():
    from emkit.page.refit import Wish, refit

    subject = linkage()
    assert refit(subject, Wish(5, False, 1))["path"][0] != refit(subject, Wish(5, False, 2))["path"][0]
    with pytest.raises(Exception, match="Cells has 5 latent states, whatever the start"):
        refit(subject, Wish(2, False, 1))


def test_it_is_not_reachable_from_elsewhere(server):
    port = server.server_address[1]
    assert server.socket.getsockname()[0] == "127.0.0.1"
    others = {"127.0.0.2", *(info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET))} - {
        "127.0.0.1"
    }
    for address in others:
        with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
            socket.create_connection((address, port), timeout=2)


def test_a_taken_port_is_one_sentence(server):
    with pytest.raises(DataError, match=r"port \d+ cannot be used .*leave --port out"):
        Server(Served("", dict), server.server_address[1])


@pytest.mark.slow
def test_ctrl_c_ends_it_cleanly():
    process = subprocess.Popen(
        [sys.executable, "-m", "emkit", "explore", "two-coins", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", address)
        with urllib.request.urlopen(address) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out) == (0, "")
    assert err == "Ctrl-C ends it.\nstopped.\n"


@pytest.mark.parametrize("body", [b"null", b"3", b'"x"', b"[]", b"{}", b"true", b"NaN", b"", b"1" * 5000])
def test_a_body_that_is_no_wish_is_400(server, body):
    status, answer = ask(server, "POST", "refit", body)
    assert status == 400
    assert set(json.loads(answer)) == {"error"}


def connected(server, sent=b""):
    client = socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=20)
    client.sendall(sent)
    return client


def test_a_client_that_goes_away_is_nobodys_business(server, capfd):
    start = f"POST /{server.served.token}/refit HTTP/1.1\r\nHost: 127.0.0.1:{server.server_address[1]}\r\n".encode()
    request = start + b"Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n{"
    whole = start.replace(b"POST", b"GET").replace(b"/refit", b"/") + b"\r\n"
    for sent in (b"", b"G", start, request, whole):
        client = connected(server, sent)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets the connection
        client.close()
    assert refit(server, WISH)[0] == 200
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_request_that_drips_is_cut_off_at_the_promised_time(server, capfd):
    start = f"POST /{server.served.token}/refit HTTP/1.1\r\nHost: 127.0.0.1:{server.server_address[1]}\r\n".encode()
    body = start + b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    clients = [connected(server), connected(server, start), connected(server, body)]
    begun = time.monotonic()
    while time.monotonic() < begun + SECONDS - 1:
        for client in clients:
            client.sendall(b"x")
        time.sleep(SECONDS / 5)
    for client in clients:
        with suppress(ConnectionError):
            while client.recv(1000):
                pass
        client.close()
    assert time.monotonic() - begun < SECONDS + 2
    assert capfd.readouterr() == ("", "")
