"""Every exception Yett raises, drawn as a tree.

    YettError                       anything below; catch this to catch all
    ├── ConfigurationError          the configuration cannot be used; carries every diagnostic
    ├── SecretError                 a secret could not be read, made or kept
    │   └── KeyFormatError          a text is not a well-formed API key
    ├── StoreError                  what must outlive the process could not be read or written
    └── GatewayError                the gateway could not do what it was asked
        ├── NativeMissingError      the native engine is not built
        ├── SnapshotRefusedError    the engine refused a snapshot; carries its diagnostics
        ├── ListenError             an address cannot be listened on
        └── TokenRefusedError       a token is not what it must be; says of which kind the fault is

Mistakes in what somebody wrote are data (`Diagnostic`), gathered and shown all at once; an exception is raised only
where nothing can go on. No message here ever holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yett.model.diagnostic import Diagnostic


class YettError(Exception):
    """Root of the tree. `code` is a stable kebab-case slug; `hint` says how to mend it, and may be empty."""

    code = "yett-error"

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        if code:
            self.code = code


class ConfigurationError(YettError):
    """The configuration cannot be used; `diagnostics` holds every mistake."""

    code = "configuration-invalid"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(f"{len(diagnostics)} mistakes in the configuration")
        self.diagnostics = tuple(diagnostics)


class SecretError(YettError):
    """A secret could not be read, made or kept. The message names the place, never the secret."""

    code = "secret-unavailable"


class KeyFormatError(SecretError):
    """A text is not a well-formed API key. The message never repeats the text."""

    code = "key-malformed"


class StoreError(YettError):
    """What must outlive the process could not be read or written."""

    code = "store-failed"


class GatewayError(YettError):
    """The gateway could not do what it was asked."""

    code = "gateway-error"


class NativeMissingError(GatewayError):
    """The native engine is not built or cannot be loaded."""

    code = "native-missing"


class SnapshotRefusedError(GatewayError):
    """The engine refused a snapshot and keeps the one before it; `diagnostics` says why, field by field."""

    code = "snapshot-refused"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(f"the engine refused the snapshot for {len(diagnostics)} reasons")
        self.diagnostics = tuple(diagnostics)


class ListenError(GatewayError):
    """An address cannot be listened on, most often because something else does."""

    code = "listen-failed"


class TokenRefusedError(GatewayError):
    """A token is not what it must be. `kind` is one of the verifier's (`signature`, `expired`, `audience`, ...)."""

    code = "token-refused"

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind
