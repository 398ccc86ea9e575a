"""The real Squid, Tinyproxy and nginx, as an ordinary user on free ports, each with a folder for its files."""

from __future__ import annotations

import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_START_S = 30.0
_END_S = 10.0

_SQUID = """
http_port 127.0.0.1:{port}
acl forbidden dstdomain forbidden.example
http_access deny forbidden
http_access allow all
hosts_file {folder}/hosts
dns_nameservers 127.0.0.1
dns_timeout 1 seconds
connect_timeout 2 seconds
shutdown_lifetime 0 seconds
cache deny all
pid_filename none
access_log none
cache_log {folder}/squid.log
coredump_dir {folder}
netdb_filename none
pinger_enable off
visible_hostname squid.example
"""

_TINYPROXY = """
Listen 127.0.0.1
Port {port}
Timeout 30
MaxClients 20
LogFile "{folder}/tinyproxy.log"
LogLevel Error
ConnectPort 443
"""

_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{servers}
}}
"""


@contextmanager
def squid() -> Iterator[str]:
    """Run Squid, which knows `node.example` as this machine and forbids `forbidden.example`. Yield its URL."""
    with _folder() as folder:
        port = free_port()
        (folder / "hosts").write_text("127.0.0.1 node.example\n")
        config = _written(folder / "squid.conf", _SQUID.format(port=port, folder=folder))
        with _running(["squid", "-N", "-f", str(config)], folder, [port]):
            yield f"http://127.0.0.1:{port}"


@contextmanager
def tinyproxy(password: str = "") -> Iterator[str]:
    """Run Tinyproxy, which wants a password of the user `me` if one is given. Yield its URL."""
    with _folder() as folder:
        port = free_port()
        login = f"BasicAuth me {password}\n" if password else ""
        config = _written(folder / "tinyproxy.conf", _TINYPROXY.format(port=port, folder=folder) + login)
        with _running(["tinyproxy", "-d", "-c", str(config)], folder, [port]):
            yield f"http://127.0.0.1:{port}"


@contextmanager
def nginx(servers: str, ports: list[int], files: dict[str, bytes] | None = None) -> Iterator[None]:
    """Run nginx with `servers` on `ports`; `{folder}` in them is the folder of `files`."""
    with _folder() as folder:
        for name, content in (files or {}).items():
            (folder / name).write_bytes(content)
        named = servers.replace("{folder}", str(folder))
        config = _written(folder / "nginx.conf", _NGINX.format(folder=folder, servers=named))
        with _running(["nginx", "-p", str(folder), "-c", str(config), "-e", "stderr"], folder, ports):
            yield


@contextmanager
def refusing_port() -> Iterator[int]:
    """Reserve a port that refuses connections: bound, so that no other program gets it, and not listening."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port: int = reserved.getsockname()[1]
        yield port


def free_port() -> int:
    """Return a port on which nothing listens, below those that the system gives to clients."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@contextmanager
def _folder() -> Iterator[Path]:
    """Create a folder that another user may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="cdptui-proxy-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o777)
        yield Path(name)


@contextmanager
def _running(command: list[str], folder: Path, ports: list[int]) -> Iterator[None]:
    """Run a server until the end of the context; skip the test where the program is not installed."""
    program = shutil.which(command[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    user, group, others = _ordinary_user()
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [program, *command[1:]],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            user=user,
            group=group,
            extra_groups=others,
        )
    try:
        deadline = time.monotonic() + _START_S
        for port in ports:
            while not _listens(port):
                ended = process.poll()
                assert ended is None, f"{command[0]} ended with {ended}: {(folder / 'output').read_text()[-2000:]}"
                assert time.monotonic() < deadline, f"{command[0]} does not listen on port {port}"
                time.sleep(0.02)
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_S)
        process.kill()
        process.wait(_END_S)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _ordinary_user() -> tuple[int | None, int | None, tuple[int, ...] | None]:
    """Return user, group and further groups of a server; None for those of this process, unless it is root's."""
    if os.geteuid() != 0:
        return None, None, None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid, ()
