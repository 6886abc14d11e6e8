"""What a window starts: the station, without the rest of the command line."""

from __future__ import annotations

import sys

from app.commands.station import IDLE, run_station

sys.exit(run_station(IDLE))
