"""nginx of the system, in two parts: the limit that C sets to a gateway, and an agency that speaks HTTP/2 over TLS.

Configuration, logs and documents are of the bench's own folder; nothing of the system's is read.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.answers import CSL_PAGE
from tests.bench.processes import DidNotStart, free_port, running, wait_until_answering

__all__ = ["http2_agency", "nginx_program", "proxying"]

_MAIN = """worker_processes 1; daemon off; master_process off;
pid {folder}/{name}.pid; error_log {folder}/{name}.log warn; worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
  access_log off; tcp_nodelay on; keepalive_requests 100000000; keepalive_timeout 300s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{inner}}}
"""
_PROXY = """  upstream agency {{
    server 127.0.0.1:{upstream_port}; keepalive 128; keepalive_requests 100000000; keepalive_timeout 300s;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=2048;
    location /v1/sanctions {{
      proxy_pass http://agency/csl/search; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
"""
_AGENCY = """  ssl_certificate {certificate}; ssl_certificate_key {certificate}; ssl_protocols TLSv1.2 TLSv1.3;
  open_file_cache max=100 inactive=600s;
  server {{
    listen 127.0.0.1:{port} ssl http2 backlog=2048;
    location /csl/ {{ root {folder}/documents; default_type application/json; }}
  }}
  server {{ listen 127.0.0.1:{plain_port}; location / {{ return 200; }} }}
"""


def nginx_program() -> str | None:
    """The system's nginx, which need not be on the path of a plain user; None when there is none."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def proxying(upstream_port: int, folder: Path, cores: set[int]) -> Iterator[tuple[int, int]]:
    """A proxy before the agency: its port and process id. Raises DidNotStart."""
    port = free_port()
    inner = _PROXY.format(port=port, upstream_port=upstream_port)
    with _nginx("proxy", inner, folder, cores, f"http://127.0.0.1:{port}/v1/sanctions?name=x") as pid:
        yield port, pid


@contextmanager
def http2_agency(certificate: Path, folder: Path, cores: set[int]) -> Iterator[tuple[int, int]]:
    """The screening list over TLS and HTTP/2: its port and process id. Raises DidNotStart."""
    document = folder / "documents/csl/search"
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_bytes(CSL_PAGE)
    port, plain_port = free_port(), free_port()
    inner = _AGENCY.format(port=port, plain_port=plain_port, folder=folder, certificate=certificate)
    with _nginx("agency", inner, folder, cores, f"http://127.0.0.1:{plain_port}/") as pid:
        yield port, pid


@contextmanager
def _nginx(name: str, inner: str, folder: Path, cores: set[int], url: str) -> Iterator[int]:
    program = nginx_program()
    if program is None:
        raise DidNotStart("there is no nginx here")
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / f"{name}.conf"
    configuration.write_text(_MAIN.format(folder=folder, name=name, inner=inner))
    command = (program, "-p", str(folder), "-e", str(folder / f"{name}.log"), "-c", str(configuration))
    with running(command, cores) as process:
        wait_until_answering(process, url)
        yield process.pid
