# SPDX-License-Identifier: EUPL-1.2
"""What the files in deploy/ promise; that nginx and tor accept them, where those are installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = {
    "CapabilityBoundingSet": "",
    "IPAddressDeny": "any",
    "LimitCORE": "0",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "MemorySwapMax": "0",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateNetwork": "yes",
    "PrivateTmp": "yes",
    "PrivateUsers": "yes",
    "ProtectHome": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "RestrictAddressFamilies": "AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}
SERVICE = "deploy/systemd/meldkluis@.service"
NGINX = (
    "access_log off;",
    "client_body_timeout 60s;",
    "client_header_timeout 20s;",
    "client_max_body_size 0;",
    "error_log /var/log/nginx/error.log emerg;",
    "gzip off;",
    "proxy_buffering off;",
    "proxy_hide_header Server;",
    "proxy_max_temp_file_size 0;",
    "proxy_request_buffering off;",
    'proxy_set_header X-Forwarded-For "";',
    'proxy_set_header X-Real-IP "";',
    "server_tokens off;",
)


def test_unit_is_a_tight_box(root: Path) -> None:
    """The service has no network, no swap, no dumps, no rights, and its keys from systemd."""
    text = (root / "deploy/systemd/meldkluis@.service").read_text(encoding="utf-8")
    settings = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))

    assert {name: settings.get(name) for name in UNIT} == UNIT
    assert text.count("\nLoadCredential=%i.") == 2
    assert "Environment=PYTHONSAFEPATH=1" in text


def test_daily_unit_is_the_same_box(root: Path) -> None:
    """The daily run has the service's box and keys, and reaches a mail relay on this machine and nothing else."""
    text = (root / "deploy/systemd/meldkluis-terms@.service").read_text(encoding="utf-8")
    settings = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    service = dict(re.findall(r"^(\w+)=(.*)$", (root / SERVICE).read_text(encoding="utf-8"), re.MULTILINE))
    apart = {
        "PrivateNetwork": "no",
        "IPAddressAllow": "localhost",
        "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
    }

    assert {name: settings.get(name) for name in {**UNIT, **apart}} == UNIT | apart
    boxed = {
        name for name in service if name.startswith(("Private", "Protect", "Restrict", "Memory", "Limit", "Device"))
    }
    assert {name: settings.get(name) for name in boxed} == {name: service[name] for name in boxed} | {
        name: value for name, value in apart.items() if name in boxed
    }
    assert settings["Type"] == "oneshot"
    assert settings["ExecStart"].endswith("meldkluis terms run --directory /var/lib/meldkluis/%i")
    assert settings["StateDirectory"] == service["StateDirectory"]
    assert text.count("\nLoadCredential=%i.") == 2


def test_daily_timer_catches_up(root: Path) -> None:
    """The daily run is asked for every quarter of an hour, and after a time without power."""
    text = (root / "deploy/systemd/meldkluis-terms@.timer").read_text(encoding="utf-8")

    assert "\nOnCalendar=*-*-* *:00/15:00\n" in text
    assert "\nPersistent=true\n" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_calendar(root: Path) -> None:
    """systemd reads the timer's days and hours as they are meant."""
    done = subprocess.run(
        ["systemd-analyze", "calendar", "*-*-* *:00/15:00"], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr


def test_units_are_all_in_the_readme(root: Path) -> None:
    """Every unit stands in the table of what to install where."""
    text = (root / "deploy/README.md").read_text(encoding="utf-8")

    assert [
        path.name for path in sorted((root / "deploy/systemd").iterdir()) if f"systemd/{path.name})" not in text
    ] == []


def test_unit_waits_for_uploads(root: Path) -> None:
    """A stop gives gunicorn time to finish what it has."""
    text = (root / "deploy/systemd/meldkluis@.service").read_text(encoding="utf-8")
    stop = int(re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)[0])

    assert stop > 45


@pytest.mark.parametrize("line", NGINX)
def test_nginx_keeps_nothing(root: Path, line: str) -> None:
    """nginx logs no visit, spools no body, hands no address on, and does not wait for ever."""
    assert line in (root / "deploy/nginx/snippet.conf").read_text(encoding="utf-8").splitlines()


def test_every_nginx_server_takes_the_snippet(root: Path) -> None:
    """No server of the site is without what keeps visits unknown."""
    text = (root / "deploy/nginx/meldkluis.conf").read_text(encoding="utf-8")

    assert len(re.findall(r"^server \{", text, re.MULTILINE)) == text.count("include snippets/meldkluis.conf;")


def test_api_and_site_do_not_meet(root: Path) -> None:
    """No server that reporters reach leads to the officers' listener."""
    text = (root / "deploy/nginx/meldkluis.conf").read_text(encoding="utf-8")
    servers = re.split(r"^server \{", text, flags=re.MULTILINE)[1:]
    leading = [server for server in servers if "http://meldkluis_officers" in server]

    assert len(leading) == 1
    assert "listen unix:/run/meldkluis-onion/officers.sock;" in leading[0]
    assert "http://meldkluis_site" not in leading[0]


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_accepts_its_files(root: Path, tmp_path: Path) -> None:
    """nginx finds no fault in them."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    site = (root / "deploy/nginx/meldkluis.conf").read_text(encoding="utf-8")
    for before, after in (
        ("snippets/meldkluis.conf", tmp_path / "snippet.conf"),
        ("/etc/ssl/meldkluis/", f"{tmp_path}/"),
        ("/run/meldkluis-onion/", f"{tmp_path}/"),
        ("listen 80;", f"listen unix:{tmp_path}/a;"),
        ("listen 443 ", f"listen unix:{tmp_path}/b "),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
    ):
        site = site.replace(before, str(after))
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"pid {tmp_path}/pid;\nerror_log stderr crit;\nevents {{}}\nhttp {{\n{site}\n}}\n")
    snippet = (root / "deploy/nginx/snippet.conf").read_text(encoding="utf-8")
    (tmp_path / "snippet.conf").write_text(snippet.replace("/var/log/nginx/", f"{tmp_path}/"))

    done = subprocess.run(["nginx", "-t", "-c", conf], check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("tor") is None, reason="tor is not installed")
def test_tor_accepts_its_file(root: Path, tmp_path: Path) -> None:
    """tor finds no fault in it."""
    torrc = tmp_path / "torrc"
    torrc.write_text((root / "deploy/tor/torrc").read_text(encoding="utf-8").replace("/var/lib/tor/", f"{tmp_path}/"))

    done = subprocess.run(
        ["tor", "--verify-config", "-f", torrc, "--DataDirectory", tmp_path / "data"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout
