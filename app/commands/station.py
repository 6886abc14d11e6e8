"""`fmes station`: owns the rig and plays the queue, for the windows that connect to it."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from datetime import datetime

from app.commands.exit_codes import BAD_INPUT, FAILED
from app.errors import InputError
from app.running.signals import abort_on_signals
from app.station.server import HOST, Server, listen
from app.station.whereabouts import Post, Whereabouts

IDLE = 10.0
"""Time without a window and without work after which the station ends, in s."""
_LOOK = 0.1


class _Wish:
    """The wish to end; a signal handler only writes it down."""

    def __init__(self) -> None:
        self.reason = ""

    def abort(self, reason: str) -> None:
        self.reason = self.reason or reason


def run_station(idle: float) -> int:
    """Serve until there is nothing left to do, a window asks for the end, or a signal does.

    Parameters
    ----------
    idle
        Time without a window and without work after which it ends, in s.

    Returns
    -------
    int
        The exit code.
    """
    wish, token = _Wish(), secrets.token_urlsafe(32)
    try:
        with abort_on_signals(wish), Post.hold() as post, listen() as listener:
            port = listener.getsockname()[1]
            started = datetime.now().astimezone().isoformat(timespec="seconds")
            post.publish(Whereabouts(HOST, port, token, os.getpid(), started))
            return _serve(listener, token, wish, idle)
    except InputError as error:
        _say(f"error: {error}")
        return BAD_INPUT


def _serve(listener: socket.socket, token: str, wish: _Wish, idle: float) -> int:
    # Windows can connect by now and wait; these take most of the time that a start takes.
    from app.station.requests import Reception
    from app.station.station import Station

    station = Station()
    server = Server(listener, token, Reception(station))
    _say(f"station on {HOST}:{listener.getsockname()[1]}, process {os.getpid()}")
    try:
        quiet_since = time.monotonic()
        while not (reason := wish.reason or station.ending):
            if not station.quiet:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since >= idle:
                reason = "nothing to do"
                break
            time.sleep(_LOOK)
    finally:
        problem = station.close(reason)
        server.close()
    if problem:
        _say(f"error: {problem}")
    _say(f"station ended: {reason}")
    return FAILED if problem else 0


def _say(text: str) -> None:
    sys.stderr.write(f"{datetime.now().isoformat(' ', 'seconds')} {text}\n")
