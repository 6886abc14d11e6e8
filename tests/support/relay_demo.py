"""A small instrument with a serial port: lines end in a carriage return, and are echoed."""

from drivers.simulated.bench import EmulatedInstrument


class Relay(EmulatedInstrument):
    driver = "maker-relay"
    models = ("R8",)
    serial = True

    def __init__(self, bench, model="R8"):
        super().__init__(bench, model)
        self.on = False
        self._answer = b""

    def split(self, received):
        *messages, rest = received.split(b"\r")
        return messages, rest

    def write(self, message):
        answer = b""
        match message:
            case b"relay on":
                self.on = True
            case b"relay read":
                answer = b"on\n\r" if self.on else b"off\n\r"
        self._answer += message + b"\n\r" + answer + b">"

    def read(self):
        answer, self._answer = self._answer, b""
        return answer or None

    def clear(self):
        self._answer = b""
