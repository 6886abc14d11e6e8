"""Scripts held in the instrument: loading them line by line, the `script` table."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.simulated.tsp.errors import Fault, wrong_type
from drivers.simulated.tsp.lua import Lua, syntax_fault
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.output import Output


@dataclass
class Script:
    """A loaded script: its name (may be empty), text and compiled form."""

    name: str
    source: str
    program: int
    autorun: str = "no"


class Scripts:
    """The scripts in the run-time environment."""

    def __init__(self, lua: Lua, output: Output) -> None:
        self._lua, self._output = lua, output
        self._lines: list[str] = []
        self._header: list[str] | None = None
        self._named: dict[str, Script] = {}
        self._anonymous: Script | None = None

    @property
    def loading(self) -> bool:
        """Whether lines are being collected."""
        return self._header is not None

    def drop(self) -> None:
        """Forget a script that is being loaded."""
        self._header = None

    def collect(self, line: str) -> int | None:
        """Take a line between the keywords, or one of them.

        Returns
        -------
        int or None
            The program's number when it is to be run now.

        Raises
        ------
        Fault
            The finished script does not compile.
        """
        words = line.split()
        if self._header is None:
            self._header, self._lines = words, []
            return None
        if words != ["endscript"]:
            self._lines.append(line)
            return None
        header, self._header = self._header, None
        name = header[1] if len(header) > 1 else ""
        source = "\n".join(self._lines)
        script = self.add(source, name, self._lua.keep(source))
        if header[0] == "loadscript":
            return None
        script.autorun = "yes"
        return script.program

    def add(self, source: str, name: str, program: int) -> Script:
        """Make a compiled script known under its name."""
        script = Script(name, source, program)
        if not name:
            self._anonymous = script
            return script
        if not name.isidentifier():
            raise Fault(-282, f"Illegal program name: {name}")
        self._named[name] = script
        self._lua.define(name, self._namespace(script))
        return script

    def namespace(self) -> Namespace:
        """The `script` table."""
        space = Namespace(
            functions={
                "delete": lambda name: self._named.pop(str(name), None) and None,
            },
            compiling={"new": self._new},
        )
        space.attribute("anonymous", lambda: self._anonymous and self._namespace(self._anonymous))
        space.at("user").attribute("scripts", lambda: _Catalog(self))
        return space

    def named(self, name: object) -> Namespace | None:
        """The table of a named script."""
        script = self._named.get(name) if isinstance(name, str) else None
        return None if script is None else self._namespace(script)

    def _new(self, source: str, name: object, program: int | None, message: str = "") -> Namespace:
        if not isinstance(name, (str, type(None))):
            raise wrong_type("script.new takes a program and a name")
        if program is None:
            raise syntax_fault(message)
        script = Script(name or "", source, program)
        if script.name:
            self._named[script.name] = script
        return self._namespace(script)

    def _namespace(self, script: Script) -> Namespace:
        def listing() -> None:
            for line in (f"loadscript {script.name}", *script.source.split("\n"), "endscript"):
                self._output.line(line)

        def set_autorun(value: object) -> None:
            script.autorun = "yes" if value == "yes" else "no"

        space = Namespace(
            functions={"list": listing, "save": lambda *_: None}, program=script.program
        )
        space.attribute("name", lambda: script.name)
        space.attribute("source", lambda: script.source)
        space.attribute("autorun", lambda: script.autorun, set_autorun)
        return space


class _Catalog(Namespace):
    """The `script.user.scripts` table."""

    def __init__(self, scripts: Scripts) -> None:
        super().__init__()
        self._scripts = scripts

    def get(self, key: object) -> object:
        """The script of a name."""
        return self._scripts.named(key)
