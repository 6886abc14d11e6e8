"""The way to a real instrument."""

import pyvisa

from drivers.link import VisaLink
from drivers.simulated.bench import Bench
from drivers.simulated.keithley_2600b import Emulated2600B
from drivers.simulated.server import serve
from drivers.simulated.stage import StageErrors

IDEAL = StageErrors(((3.0, 0.0),), ((40.0, 0.0),), ((3.0, 0.0),), 0.0, ((3.0, 1e-6),), 1e-6)


def test_commands_over_a_raw_socket_are_sent_at_once():
    bench = Bench({}, IDEAL, noise=False)
    with serve(bench, Emulated2600B(bench)) as server:
        adapter = VisaLink(server.resource_name, "@py").open()
        try:
            name = pyvisa.constants.ResourceAttribute.tcpip_nodelay
            assert adapter.connection.get_visa_attribute(name)
        finally:
            adapter.close()
