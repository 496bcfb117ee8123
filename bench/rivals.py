"""How nginx, HAProxy and Envoy are set up: one worker, keep-alive both ways, an access log and statistics, as Yett.

Each function returns the text of a configuration file. `upstream` and `port` are ports of the loopback address.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.identity import Identity

ANSWER = json.dumps({"id": 4711, "title": "Letters to the Sea", "stock": 12, "genre": "novel", "note": "x" * 22})


def nginx_upstream(port: int, home: Path) -> str:
    """Answer everything with the same hundred bytes of JSON, and pages with 64 KB, as cheaply as can be."""
    (home / "page").write_bytes(b"yett" * 16384)
    return f"""
worker_processes 1; daemon off; pid {home}/nginx.pid; error_log {home}/error.log;
worker_rlimit_nofile 32768;
events {{ worker_connections 16384; }}
http {{
  access_log off; keepalive_requests 100000000; {_nginx_paths(home)}
  default_type application/json;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    root {home};
    location / {{ return 200 '{ANSWER}'; }}
    location ~ /page$ {{ default_type application/octet-stream; rewrite ^ /page break; open_file_cache max=4; }}
  }}
}}
"""


def nginx(port: int, upstream: int, home: Path, identity: Identity | None = None, http2: bool = False) -> str:
    """Proxy over kept connections, with the log that Debian configures."""
    kind = " ssl" * (identity is not None) + " http2" * http2
    tls = f"ssl_certificate {identity.certificate}; ssl_certificate_key {identity.key};" if identity else ""
    return f"""
worker_processes 1; daemon off; pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log {home}/access.log combined; keepalive_requests 100000000; tcp_nodelay on;
  {_nginx_paths(home)}
  upstream origin {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024{kind};
    {tls}
    location / {{ proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    location = /stub_status {{ stub_status; access_log off; }}
  }}
}}
"""


TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def _nginx_paths(home: Path) -> str:
    return " ".join(f"{kind}_temp_path {home}/{kind};" for kind in TEMPORARY)


def haproxy(port: int, upstream: int, _: Path) -> str:
    """Proxy over kept connections, with the HTTP log on standard output."""
    return f"""
global
  nbthread 1
  maxconn 4096
  log stdout format raw local0 info
defaults
  mode http
  log global
  option httplog
  http-reuse always
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend callers
  bind 127.0.0.1:{port}
  default_backend origin
backend origin
  server one 127.0.0.1:{upstream} pool-max-conn 128
"""


def envoy(port: int, upstream: int, home: Path) -> str:
    """Proxy with a JSON access log and Envoy's usual statistics."""
    return _envoy(port, upstream, home, [])


def envoy_guarded(port: int, upstream: int, home: Path, keys: list[str]) -> str:
    """Ask for an API key, a rate limit and a role as well; Envoy has nothing for the contract."""
    source = "type.googleapis.com/envoy.extensions.filters.http"
    credentials = [{"key": key, "client": f"app-{index}"} for index, key in enumerate(keys)]
    bucket = {"max_tokens": 1_000_000_000, "tokens_per_fill": 1_000_000_000, "fill_interval": "1s"}
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    permission = {"url_path": {"path": {"prefix": "/"}}}
    steps = [
        {
            "name": "envoy.filters.http.api_key_auth",
            "typed_config": {
                "@type": f"{source}.api_key_auth.v3.ApiKeyAuth",
                "credentials": credentials,
                "key_sources": [{"header": "x-api-key"}],
                "forwarding": {"header": "x-client", "hide_credentials": True},
            },
        },
        {
            "name": "envoy.filters.http.local_ratelimit",
            "typed_config": {
                "@type": f"{source}.local_ratelimit.v3.LocalRateLimit",
                "stat_prefix": "rate",
                "token_bucket": bucket,
                "filter_enabled": always,
                "filter_enforced": always,
            },
        },
        {
            "name": "envoy.filters.http.rbac",
            "typed_config": {
                "@type": f"{source}.rbac.v3.RBAC",
                "rules": {
                    "action": "ALLOW",
                    "policies": {
                        "reader": {
                            "permissions": [permission],
                            "principals": [{"header": {"name": "x-client", "present_match": True}}],
                        }
                    },
                },
            },
        },
    ]
    return _envoy(port, upstream, home, steps)


def _envoy(port: int, upstream: int, home: Path, steps: list[dict[str, Any]]) -> str:
    source = "type.googleapis.com/envoy.extensions"
    log = {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{source}.access_loggers.file.v3.FileAccessLog",
            "path": str(home / "access.log"),
            "log_format": {"json_format": {name: f"%{name.upper()}%" for name in LOGGED} | {"path": "%REQ(:PATH)%"}},
        },
    }
    last = {"name": "router", "typed_config": {"@type": f"{source}.filters.http.router.v3.Router"}}
    route = {"match": {"prefix": "/"}, "route": {"cluster": "origin"}}
    connection = {
        "@type": f"{source}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "callers",
        "access_log": [log],
        "http_filters": [*steps, last],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": connection}]}
    cluster = {
        "name": "origin",
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": {
            "cluster_name": "origin",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(upstream)}}]}],
        },
    }
    listener = {"name": "callers", "address": _address(port), "filter_chains": [chain]}
    return json.dumps({"static_resources": {"listeners": [listener], "clusters": [cluster]}})


LOGGED = ("start_time", "protocol", "response_code", "response_flags", "bytes_received", "bytes_sent", "duration")


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
