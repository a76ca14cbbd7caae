# SPDX-License-Identifier: EUPL-1.2
"""Through a SOCKS proxy of this machine: the proxy alone learns the server's name, and nothing goes past it."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
from running import found, free_port, serving
from socks import Proxy, socks_proxy
from workplace import PASSPHRASE, browse

from meldkluis.workstation import cli
from meldkluis.workstation.errors import UnreachableError, WorkstationError
from meldkluis.workstation.office import Office
from meldkluis.workstation.proxies import check_proxy
from meldkluis.workstation.transport import HttpTransport
from meldkluis.workstation.vault import Vault

ONION = "a" * 56 + ".onion"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    """A server that answers every request with ok, and where it is."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                if connection.recv(65_536):
                    connection.sendall(OK)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(20)


@pytest.fixture
def proxy(server: tuple[str, int]) -> Iterator[Proxy]:
    """A proxy that leads every name to that server."""
    with socks_proxy(lambda *_: server) as made:
        yield made


@pytest.fixture
def no_resolver(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name that anybody here asks a resolver for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def note(host, *rest, **more):
        asked.append(str(host))
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", note)
    return asked


def test_proxy_gets_the_name(proxy: Proxy, no_resolver: list[str]) -> None:
    """The proxy is asked for the name itself; no resolver sees it."""
    reply = HttpTransport(f"http://{ONION}", check_proxy(proxy.url)).request("GET", "/v1/status", {}, b"")

    assert (reply.status, b"".join(reply.chunks)) == (200, b"ok")
    assert proxy.asked == [(3, ONION, 80)]
    assert set(no_resolver) <= {"127.0.0.1"}


def test_tls_begins_behind_the_proxy(proxy: Proxy, no_resolver: list[str]) -> None:
    """With https the certificate is checked for the server's name as ever; what cannot show one is sent nothing."""
    with pytest.raises(UnreachableError):
        HttpTransport("https://meld.example:8443", check_proxy(proxy.url)).request("GET", "/v1/status", {}, b"")

    assert proxy.asked == [(3, "meld.example", 8443)]
    assert "meld.example" not in no_resolver


def test_tls_checks_the_name(no_resolver: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The name that TLS asks for is the server's, not the proxy's."""
    named: list[str | None] = []
    real = ssl.SSLContext.wrap_socket

    def note(self, *rest, server_hostname=None, **more):
        named.append(server_hostname)
        assert self.verify_mode == ssl.CERT_REQUIRED
        return real(self, *rest, server_hostname=server_hostname, **more)

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", note)
    listener = socket.create_server(("127.0.0.1", 0))
    with (
        listener,
        socks_proxy(lambda *_: ("127.0.0.1", free_port())) as nowhere,
        pytest.raises(UnreachableError),
    ):
        HttpTransport("https://meld.example", check_proxy(nowhere.url)).request("GET", "/", {}, b"")
    assert named == []
    with socks_proxy(lambda *_: _hangs_up()) as proxy, pytest.raises(UnreachableError):
        HttpTransport("https://meld.example", check_proxy(proxy.url)).request("GET", "/", {}, b"")

    assert named == ["meld.example"]


def _hangs_up() -> tuple[str, int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        connection, _ = listener.accept()
        connection.close()
        listener.close()

    threading.Thread(target=run, daemon=True).start()
    address: tuple[str, int] = listener.getsockname()
    return address


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (0x01, "proxy-failed"), (0x02, "proxy-refused"), (0x04, "server-away"), (0x05, "server-away"),
        (0x06, "server-away"), (0x07, "not-a-proxy"), (0xF0, "onion-unknown"), (0xF1, "onion-unknown"),
        (0xF2, "server-away"), (0xF3, "server-away"), (0xF4, "onion-closed"), (0xF5, "onion-closed"),
        (0xF6, "onion-wrong"), (0xF7, "server-away"), (0x55, "proxy-failed"),
    ],
)  # fmt: skip
def test_why_not(code: int, why: str) -> None:
    """Each reply of a proxy, tor's own too, has its reason."""
    with (
        socks_proxy(lambda *_: ("127.0.0.1", 1), refuse=code) as proxy,
        pytest.raises(UnreachableError) as caught,
    ):
        HttpTransport(f"http://{ONION}", check_proxy(proxy.url)).request("GET", "/v1/status", {}, b"")

    assert caught.value.why == why
    assert ONION not in str(caught.value)


def test_no_proxy_there(no_resolver: list[str]) -> None:
    """Without a proxy at its address nothing goes anywhere: never directly instead."""
    with pytest.raises(UnreachableError) as caught:
        HttpTransport(f"http://{ONION}", check_proxy(f"socks5h://127.0.0.1:{free_port()}")).request("GET", "/", {}, b"")

    assert caught.value.why == "proxy-gone"
    assert set(no_resolver) <= {"127.0.0.1"}


def test_something_else_there(server: tuple[str, int]) -> None:
    """A web server at the proxy's address is said to be no proxy."""
    with pytest.raises(UnreachableError) as caught:
        HttpTransport(f"http://{ONION}", check_proxy(f"socks5h://127.0.0.1:{server[1]}")).request("GET", "/", {}, b"")

    assert caught.value.why == "not-a-proxy"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("socks5h://127.0.0.1:9050", "socks5h://127.0.0.1:9050"),
        (" socks5h://localhost:9150/ ", "socks5h://127.0.0.1:9150"),
        ("socks5h://[::1]:9050", "socks5h://[::1]:9050"),
    ],
)
def test_proxies_of_this_machine(written: str, kept: str) -> None:
    """A proxy is written as socks5h with an address of this machine."""
    assert check_proxy(written).url == kept


@pytest.mark.parametrize(
    "written",
    [
        "", "127.0.0.1:9050", "socks5://127.0.0.1:9050", "socks4://127.0.0.1:9050", "http://127.0.0.1:9050",
        "socks5h://127.0.0.1", "socks5h://127.0.0.1:0", "socks5h://127.0.0.1:99999", "socks5h://10.0.0.1:9050",
        "socks5h://tor.example:9050", "socks5h://user@127.0.0.1:9050", "socks5h://127.0.0.1:9050/x",
        "socks5h://127.0.0.1:9050?x", "socks5h://[::1:9050", "socks5h://0.0.0.0:9050",
    ],
)  # fmt: skip
def test_other_proxies(written: str) -> None:
    """Anything that resolves names here, is elsewhere, or holds more is refused."""
    with pytest.raises(WorkstationError):
        check_proxy(written)


def _way(way) -> HttpTransport:
    return HttpTransport(way.url, way.proxy)


def test_set_on_the_page(vault_directory, proxy: Proxy) -> None:
    """The page takes a proxy, tries it at once and says what came of it; an empty field takes it away."""
    browser = browse(vault_directory, _way)
    browser.start().unlock()
    refused = browser.post("/settings/proxy", proxy="socks5://127.0.0.1:9050")
    assert refused.status_code == 422
    assert 'value="socks5://127.0.0.1:9050"' in refused.text
    assert "moet een proxy op deze computer zijn" in refused.text
    assert proxy.asked == []

    browser.post("/settings/proxy", proxy=f"socks5h://127.0.0.1:{free_port()}")
    assert "de server is zo niet bereikt" in browser.get("/settings").text
    assert "Tor antwoordt niet op deze computer." in browser.get("/roster").text
    browser.post("/settings/proxy", proxy=proxy.url)
    assert proxy.asked == [(1, "\x7f\x00\x00\x01", 1)]
    assert f'value="{proxy.url}"' in browser.get("/settings").text

    browser.post("/settings/proxy", proxy="")
    assert "zonder proxy bereikt" in browser.get("/settings").text
    browser.post("/fetch")
    assert len(proxy.asked) == 1
    browser.station.lock()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0xF0, "vindt dit onion-adres niet"),
        (0xF4, "afgeschermd"),
        (0xF6, "verkeerd geschreven"),
        (4, "server antwoordt"),
    ],
)
def test_reason_is_on_the_page(vault_directory, code: int, words: str) -> None:
    """Why tor did not reach the server stands on the page, in words."""
    browser = browse(vault_directory, _way)
    browser.start().unlock()
    with socks_proxy(lambda *_: ("127.0.0.1", 1), refuse=code) as proxy:
        browser.post("/settings/proxy", proxy=proxy.url)
        page = browser.get("/roster").text
    browser.station.lock()

    assert words in page


def test_from_the_first_request_on(tmp_path, capsys) -> None:
    """A vault made with --proxy reaches a real server through it, each vault under a name of its own."""
    cast = found(tmp_path / "organisation")
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    with serving(tmp_path / "organisation", cast, workers=1) as running:
        host, _, port = running.officers.rpartition(":")
        with socks_proxy(lambda *_: (host, int(port))) as proxy:
            for name in ("one", "two"):
                assert cli.main([
                    "init", "--directory", str(tmp_path / name), "--organisation", "gemeente-voorbeeld",
                    "--name", "A. de Vries", "--function", "vertrouwenspersoon", "--server", f"http://{ONION}",
                    "--passphrase-file", str(secret), "--proxy", proxy.url, "--json",
                ]) == 0  # fmt: skip
                json.loads(capsys.readouterr().out)
                # The server knows no such officer: a refusal is an answer.
                assert cli.main(["pull", "--directory", str(tmp_path / name), "--passphrase-file", str(secret)]) == 1
                assert "the server refused" in capsys.readouterr().err

    assert set(proxy.asked) == {(3, ONION, 80)}
    assert len(set(proxy.users)) == 2
    assert all(len(user) == 32 for user in proxy.users)


@pytest.mark.parametrize(
    "more", [["--proxy", "socks5h://10.0.0.1:9050"], ["--demo", "--proxy", "socks5h://127.0.0.1:1"]]
)
def test_init_without_a_usable_proxy(tmp_path, capsys, more: list[str]) -> None:
    """A proxy elsewhere, or one for a demonstration, makes no vault."""
    organisation = "gemeente-voorbeeld-demo" if "--demo" in more else "gemeente-voorbeeld"
    command = ["init", "--directory", str(tmp_path / "v"), "--organisation", organisation, "--name", "A"]
    command += ["--function", "f", "--server", "http://127.0.0.1:1", *more]

    assert cli.main(command) == 1
    assert "proxy" in capsys.readouterr().err
    assert not (tmp_path / "v").exists()


def test_demo_has_no_proxy(tmp_path) -> None:
    """A demonstration's page takes none either."""
    from workplace import make_vault

    make_vault(tmp_path / "v", organisation="gemeente-voorbeeld-demo")
    browser = browse(tmp_path / "v", _way)
    browser.start().unlock()
    answer = browser.post("/settings/proxy", proxy="socks5h://127.0.0.1:9050")
    browser.station.lock()

    assert answer.status_code == 422
    assert "een demonstratie gebruikt geen proxy" in answer.text


def test_proxy_is_in_the_vault_only(vault_directory, proxy: Proxy) -> None:
    """What was set outlives locking, and nobody reads it without the passphrase."""
    office = Office.open(vault_directory, PASSPHRASE, _way, lambda: None)  # type: ignore[arg-type,return-value]
    office.settings.set_proxy(proxy.url)
    user = office.settings.proxy.user
    office.close()
    content = b"".join(path.read_bytes() for path in vault_directory.iterdir())

    assert proxy.url.encode() not in content
    vault = Vault.open(vault_directory, PASSPHRASE)
    assert vault.fact("proxy") == proxy.url
    assert vault.fact("proxy_isolation") == user
    vault.close()
