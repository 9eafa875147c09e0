"""Ctrl-C cancels the statement that runs, and does so at once.

While psycopg waits in C, Python runs no signal handler for up to 100 ms. The interpreter's C-level handler writes to
the wake-up descriptor at the moment of the signal; a thread that waits there sends the cancel request.
"""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Interrupted:
    """Whether Ctrl-C was pressed."""

    def __init__(self) -> None:
        self._pressed = threading.Event()

    def __bool__(self) -> bool:
        return self._pressed.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, or until Ctrl-C; tells whether that was it."""
        return self._pressed.wait(seconds)

    def press(self) -> None:
        """As if Ctrl-C had been pressed."""
        self._pressed.set()


@contextmanager
def cancel_on_interrupt(cancel: Callable[[], None]) -> Iterator[Interrupted]:
    """Within, the first Ctrl-C calls `cancel` on another thread; the second raises KeyboardInterrupt. Main thread only.

    A reader of the value stops after what runs: the server may have been faster than the cancel request.
    """
    interrupted = Interrupted()
    woken, waker = socket.socketpair()
    waker.setblocking(False)

    def watch() -> None:
        while signals := woken.recv(16):
            if signal.SIGINT in signals:
                interrupted.press()
                cancel()

    watcher = threading.Thread(target=watch, name="cancel-on-interrupt", daemon=True)
    watcher.start()
    handler_before = signal.signal(signal.SIGINT, _second_raises())
    descriptor_before = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    try:
        yield interrupted
    finally:
        signal.set_wakeup_fd(descriptor_before)
        signal.signal(signal.SIGINT, handler_before)
        waker.close()
        watcher.join()
        woken.close()


def _second_raises() -> Callable[[int, object], None]:
    pressed = 0

    def handle(_number: int, _frame: object) -> None:
        nonlocal pressed
        pressed += 1
        if pressed > 1:
            raise KeyboardInterrupt

    return handle
