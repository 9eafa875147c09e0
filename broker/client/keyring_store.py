"""The desktop's keyring as a store, with a time limit and with an allow-list of backends."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from broker.client.errors import KeyringMissing, KeyringUnusable
from broker.client.person import Person

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_BACKENDS: Final = frozenset(
    f"keyring.backends.{name}" for name in ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
)
"""Those of the keyring library that keep secrets. All others count as none: `fail` and `null` keep nothing, and
`keyrings.alt` silently keeps plain text."""

_NOTICE_SECONDS: Final = 2.0
_LIMIT_SECONDS: Final = 60.0
"""Long enough for a person to unlock the keyring in the dialogue that it opens."""

_USER: Final = "vault"

_Result = TypeVar("_Result")


class KeyringStore:
    """One item in the keyring for each broker."""

    def __init__(
        self, backend: "KeyringBackend", broker_url: str, person: Person, limit_seconds: float = _LIMIT_SECONDS
    ) -> None:
        self._backend = backend
        self._service = f"warehouse-access-broker {broker_url}"
        self._person = person
        self._limit_seconds = limit_seconds

    @classmethod
    def open(cls, broker_url: str, person: Person) -> "KeyringStore":
        """Find the keyring and see that it opens.

        Raises:
            KeyringUnusable: there is none, it is locked, or it does not answer.
        """
        store = cls(_limited(find_backend, person, _LIMIT_SECONDS), broker_url, person)
        store.load()
        return store

    def load(self) -> str | None:
        return self._run(lambda: self._backend.get_password(self._service, _USER))

    def prepare(self) -> None:
        """`open` has read from it already."""

    def save(self, text: str) -> None:
        self._run(lambda: self._backend.set_password(self._service, _USER, text))

    def clear(self) -> None:
        if self.load() is not None:
            self._run(lambda: self._backend.delete_password(self._service, _USER))

    def _run(self, call: Callable[[], _Result]) -> _Result:
        return _limited(call, self._person, self._limit_seconds)


def find_backend() -> "KeyringBackend":
    """The first backend that keeps secrets.

    Raises:
        KeyringMissing: there is none.
    """
    import keyring

    chosen = keyring.get_keyring()
    # The chainer asks one backend after the other; taking its first good one by hand leaves out those that are not.
    candidates = getattr(chosen, "backends", None) or [chosen]
    for backend in candidates:
        if type(backend).__module__ in _BACKENDS:
            return backend  # type: ignore[no-any-return]
    raise KeyringMissing(f"This machine has no keyring that keeps secrets (found: {type(chosen).__module__}).")


class _Call(Generic[_Result]):
    """A call in a thread that nobody has to wait for: a keyring's daemon may never answer."""

    def __init__(self, call: Callable[[], _Result]) -> None:
        self._call = call
        self._results: list[_Result] = []
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def ended(self, seconds: float) -> bool:
        """Wait at most `seconds`; whether the call has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> _Result:
        """What the call returned, or raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _work(self) -> None:
        try:
            self._results.append(self._call())
        except Exception as error:  # backends let the errors of their own libraries through
            self._error = error


def _limited(call: Callable[[], _Result], person: Person, limit_seconds: float) -> _Result:
    """Run a call of the keyring under the time limit, and say what happened in our words."""
    running = _Call(call)
    if not running.ended(min(_NOTICE_SECONDS, limit_seconds)):
        person.tell("Waiting for the keyring: if it asks for its password, unlock it.")
        if not running.ended(limit_seconds):
            raise KeyringUnusable(f"The keyring did not answer within {limit_seconds:.0f} s.")
    try:
        return running.result()
    except KeyringUnusable:
        raise
    except Exception as error:
        raise KeyringUnusable(_reason(error)) from None


def _reason(error: Exception) -> str:
    from keyring.errors import InitError, KeyringLocked, NoKeyringError

    match error:
        case KeyringLocked():
            return "The keyring is locked, and was not unlocked."
        case InitError():
            return "The keyring cannot be opened (locked, or its first collection is missing)."
        case NoKeyringError():
            return "This machine has no keyring."
        case _:
            return f"The keyring failed ({type(error).__name__})."
