"""`gateway`: the process itself."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from pydantic import Field

from yett.config.certificates import pair_mistake
from yett.config.sections.base import At, Shape
from yett.config.sections.limits import LimitShape, build_limits
from yett.config.sections.scalars import Address
from yett.config.sections.secrets import FileShape, SecretShape, build_secret
from yett.model.gateway import GatewaySettings, Tls
from yett.model.limit import DEFAULT_GATEWAY_LIMITS


class TlsShape(Shape):
    """What the gateway proves itself with."""

    certificate: str
    """Path of the PEM certificate chain, relative to this file."""
    key: FileShape
    """The PEM private key."""


class GatewayShape(Shape):
    """The gateway process."""

    listen: Address = "127.0.0.1:8080"
    """Address and port for callers."""
    workers: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Worker threads; absent means one per core."""
    telemetry: Address | None = None
    """Address and port of `/metrics` and `/healthz`; absent means off."""
    access_log: str = "-"
    """`-` for standard output, a path relative to this file, or `off`."""
    pepper: SecretShape | None = None
    """The secret under which keys are hashed; absent means the file `.yett/pepper` beside the configuration."""
    tls: TlsShape | None = None
    """Serve HTTPS; absent means plain HTTP."""
    limits: list[LimitShape] | None = None
    """Limits on all traffic. Absent means 1,000 requests a second (2,000 at once) and 1,024 at the same time for each
    client address; `[]` lifts them."""


def build_gateway(shape: GatewayShape, at: At) -> GatewaySettings:
    """The settings that stand at `at`."""
    return GatewaySettings(
        listen=shape.listen,
        workers=shape.workers,
        telemetry=shape.telemetry,
        access_log=_access_log(shape.access_log, at),
        pepper=None if shape.pepper is None else build_secret(shape.pepper, at / "pepper"),
        tls=None if shape.tls is None else _build_tls(shape.tls, at / "tls"),
        limits=DEFAULT_GATEWAY_LIMITS if shape.limits is None else build_limits(shape.limits, at / "limits"),
        place=at.place,
    )


def _access_log(text: str, at: At) -> str | None:
    if text == "off":
        return None
    if text == "-":
        return text
    path = at.path(text)
    (at / "access_log").need_folder(str(Path(path).parent))
    return path


def _build_tls(shape: TlsShape, at: At) -> Tls:
    certificate, key = at.path(shape.certificate), at.path(shape.key.file)
    texts = [(at / "certificate").read_text(certificate), (at / "key").read_text(key)]
    held = [text for text in texts if text is not None]
    if len(held) == len(texts) and (mistake := pair_mistake(certificate, key)) is not None:
        (at / mistake.setting).report(mistake.code, mistake.message, mistake.hint)
    digest = hashlib.sha256("\0".join(held).encode("utf-8")).hexdigest()
    return Tls(certificate, key, digest, at.place)
