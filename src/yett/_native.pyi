"""The data plane of Yett, built from crates/yett-py. Only `yett.gateway` imports it."""

class NativeError(Exception):
    """A refusal: `args` are its code, a sentence, and details as JSON text."""

    args: tuple[str, str, str]

class Gateway:
    """A gateway in this process. Its workers are threads of its own that never touch the interpreter."""

    def __new__(cls, options: bytes) -> Gateway:
        """A gateway from its options as JSON. Nothing is bound yet."""
    def start(self) -> bytes:
        """Binds every address and starts the workers; returns the bound addresses as JSON."""
    def apply(self, snapshot: bytes) -> bytes:
        """Compiles a snapshot and swaps it in, or refuses it with every mistake in `NativeError.details`."""
    def patch(self, patch: bytes) -> bytes:
        """Applies a numbered patch, or refuses it whole."""
    def renew_tls(self, tls: bytes) -> bool:
        """Reads the files of the TLS settings (JSON) again, all or nothing; whether anything differs."""
    def findings(self, most: int) -> bytes:
        """Settles what was handed in as leaked; up to `most` findings that are news, as JSON."""
    def load_keys(self, path: str) -> bytes:
        """Loads a file of keys in the place of the one before, or refuses it whole."""
    def used_keys(self, since: int, most: int) -> bytes:
        """Pairs of id and Unix minute of the credentials used since a minute, at most `most`, as JSON."""
    def renew_secrets(self, secrets: bytes) -> None:
        """Takes other secrets of proofs (JSON: text by name); they hold from the next snapshot on."""
    def events(self, most: int) -> list[bytes]:
        """Up to `most` events, oldest first, each one line of JSON."""
    def key_set(self, issuer: str, kid: str | None) -> bytes | None:
        """The fetched key set of an issuer, `None` where there is none; looked for anew if it has no key of that id."""
    def stats(self) -> bytes:
        """Figures of the running gateway, as JSON."""
    def stop(self, grace: float) -> bytes:
        """Stops accepting, lets requests in flight finish for up to `grace` seconds; returns what was cut."""

def check(snapshot: bytes, pepper: bytes) -> bytes:
    """Compiles a snapshot without running it: JSON array of diagnostics, all of them warnings when it is good."""

def decide(snapshot: bytes, requests: bytes, pepper: bytes) -> bytes:
    """Decides requests in order with one engine: JSON array of `Request` in, JSON array of `Decision` out."""

def statements(snapshot: bytes) -> bytes:
    """Every statement of a snapshot's access policies (JSON array): whom it is for, and of which operations."""

def verify_jwt(token: str, keys: bytes, expectations: bytes, now_s: int | None = None) -> bytes:
    """Verifies a token against a JWK Set and what is expected of it (both JSON): its claims as JSON."""

def verify_jws(token: str, keys: bytes) -> bytes:
    """Verifies a JWS against a JWK Set: its payload."""

def unverified_issuer(token: str) -> str | None:
    """The `iss` of a token, of which nothing is proven."""

def find_data(text: str, classes: list[str]) -> list[tuple[str, int, int]]:
    """Personal data and secrets of some classes: the class of each, and from which byte to before which, in UTF-8."""

def catalogue() -> bytes:
    """What this build knows: the error catalogue and the JSON Schemas of what crosses the seam, as JSON."""

def build_info() -> bytes:
    """Version, snapshot format and checksum of the Rust sources, as JSON."""
