"""What `Watch` starts: the guard, without the rest of the command line."""

from __future__ import annotations

from app.guard.process import watch

watch()
