"""`explore`: the page of a lesson or a fit, served on this machine, with refits by Python."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from typing import TypeVar

from emkit.core.parameters import Parameters
from emkit.explain.subject import Subject
from emkit.fitted import Fitted
from emkit.page import lesson_page, result_page, subject_of_result
from emkit.page.refit import Wish, refit
from emkit.page.server import Served, Server

LIVE = "refit"  # beside the page
P = TypeVar("P", bound=Parameters)


def server_for(what: Subject | Fitted[P], port: int = 0) -> Server:
    """The server of the page of a lesson or a result (port 0: any free one)."""
    subject: Subject = subject_of_result(what) if isinstance(what, Fitted) else what
    text = result_page(what, include_data=True, live=LIVE) if isinstance(what, Fitted) else lesson_page(what, live=LIVE)
    return Server(Served(text, lambda wish: refit(subject, Wish.read(wish))), port)


def explore(
    what: Subject | Fitted[P], port: int = 0, open_browser: bool = True, say: Callable[[str], None] | None = None
) -> None:
    """Serve the page of a lesson or a result on 127.0.0.1 until interrupted (Ctrl-C).

    The page holds the data, and is shown to whoever knows its address on this machine. `say` is told that address.
    Errors: DataError if the port is taken.

    It goes on until it is interrupted, which `say` does here at once:

    >>> import emkit as ek
    >>> def interrupt(address):
    ...     print(address[:17])
    ...     raise KeyboardInterrupt
    >>> ek.explore(ek.lessons.two_coins(), open_browser=False, say=interrupt)
    http://127.0.0.1:
    """
    server = server_for(what, port)
    try:
        if say is not None:
            say(server.address)
        if open_browser:
            webbrowser.open(server.address)
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
