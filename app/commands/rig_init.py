"""`fmes rig init`: ask what stands on the bench, and write a rig file that is valid."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import tomlkit
import typer

from app.commands.rig_scan import Found, found, remarks
from app.errors import InputError
from app.rigs.rig_file import SIMULATED, RigFile
from app.toml_file import checked
from drivers.catalogue import RESISTOR_BANKS, SOURCE_METERS


@dataclass(frozen=True)
class Answers:
    """What was given as options; None for what is still to be asked.

    Parameters
    ----------
    values
        By table and key of the rig file.
    rows
        Texts ``CHANNEL=VALUE`` of "resistors" and ``CHANNEL=NAME`` of "devices".
    ask
        Whether the operator is asked for what is not given; otherwise what would be suggested
        is taken.
    library
        As PyVISA takes it.
    look
        Whether instruments may be asked who they are.
    """

    values: Mapping[tuple[str, str], str | None]
    rows: Mapping[str, Sequence[str]]
    ask: bool
    library: str
    look: bool


def init_rig(to: Path, answers: Answers) -> None:
    """Write a new rig file.

    Raises
    ------
    InputError
        The file exists or cannot be written, a value is not accepted, or nobody answers.
    """
    if to.exists():
        raise InputError(f"{to} exists already, and is not replaced")
    text = tomlkit.dumps(_Asking(answers).document())
    checked(tomllib.loads(text), RigFile, f"rig file {to}")
    try:
        with to.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{to} cannot be written: {error}") from error
    typer.echo(f"written: {to}; next: fmes rig check {to}")


class _Asking:
    """Asks in the order in which one answer suggests the next."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._found: list[Found] = []

    def document(self) -> tomlkit.TOMLDocument:
        """The rig file's content, each table accepted before the next is asked for."""
        document = tomlkit.document()
        if self._answers.library:
            document["visa"] = self._accepted("visa", {}, self._library)
        self._look()
        for table, questions in (
            ("source_meter", self._source_meter),
            ("resistor_bank", self._resistor_bank),
            ("device", self._device),
        ):
            document[table] = self._accepted(table, document.unwrap(), questions)
        return document

    def _accepted(
        self, table: str, before: Mapping[str, Any], questions: Callable[[], dict[str, Any]]
    ) -> tomlkit.items.Table:
        """Ask until the answers are accepted together; what options gave cannot be asked again."""
        while True:
            given = questions()
            content = {**before, table: given}
            if table == "source_meter":
                # Both are simulated or none; the other's turn comes.
                content["resistor_bank"] = {"address": given["address"]}
            try:
                checked(content, RigFile, "the answers")
            except InputError as error:
                options = (v for (of, _), v in self._answers.values.items() if of == table)
                if not self._answers.ask or any(v is not None for v in options):
                    raise
                typer.echo(f"{error}\nonce more:", err=True)
            else:
                return _table(given)

    def _library(self) -> dict[str, Any]:
        return {"library": self._answers.library}

    def _source_meter(self) -> dict[str, Any]:
        drivers = {d.driver: d for d in SOURCE_METERS}
        address, who = self._address("source_meter", "source-measure unit", drivers)
        name = self._driver("source_meter", who, drivers)
        given = {"driver": name, "address": address}
        if name not in drivers:
            return given
        driver = drivers[name]
        likely = who.model if who.model in driver.models else ""
        model = self._ask("source_meter", "model", "Model", likely, driver.models)
        given["model"] = model
        channels = driver.channels_of(model) if model in driver.models else ()
        if channels:
            text = "Channel that the device is connected to"
            given["channel"] = self._ask("source_meter", "channel", text, "", channels)
        elif channel := self._answers.values["source_meter", "channel"]:
            given["channel"] = channel
        text = "Where the voltage is sensed: 4-wire at the device, 2-wire at the terminals"
        given["wiring"] = self._ask("source_meter", "wiring", text, "", ("4-wire", "2-wire"))
        self._simulated = address == SIMULATED
        if period := self._verified_period(model, verifiable=driver.verifiable):
            given["verified_period"] = period
        return given

    def _verified_period(self, model: str, *, verifiable: bool) -> str:
        """Asked of models that need one; "" for none. One given for another is refused later."""
        key = "source_meter", "verified_period"
        if self._answers.values[key] is None and not (verifiable and self._answers.ask):
            return ""
        text = (
            f"Least period that you have seen the {model} keep, on an oscilloscope "
            "(Enter alone while none was verified)"
        )
        return self._ask(*key, text, "")

    def _resistor_bank(self) -> dict[str, Any]:
        drivers = {d.driver: d for d in RESISTOR_BANKS}
        address, who = self._address("resistor_bank", "resistor bank", drivers)
        name = self._driver("resistor_bank", who, drivers)
        given: dict[str, Any] = {"driver": name, "address": address}
        if who.model and name == who.driver:
            given["model"] = who.model
        if name in drivers and drivers[name].switched:
            given |= {kind: rows for kind in _ROWS if (rows := self._rows(kind))}
            if "resistors" not in given and not self._simulated:
                raise InputError("no resistor was given; --resistor CHANNEL=VALUE for each")
            return given
        for kind, texts in self._answers.rows.items():
            if texts:  # which the driver refuses in its own words
                given[kind] = [_row(kind, text) for text in texts]
        return given

    def _rows(self, kind: str) -> list[dict[str, Any]]:
        """What stands behind relays: as options say, or one after the other until Enter alone."""
        rows = [_row(kind, text) for text in self._answers.rows[kind]]
        if rows or not self._answers.ask:
            return rows
        what = _ROWS[kind]
        while True:
            end = "Enter alone when there is no further" if rows else f"as {what.example}"
            if not rows and (kind == "devices" or self._simulated):
                end += f"; Enter alone {what.none}"
            text = _prompt(f"{what.question} ({end})", "", what.option)
            if not text and (rows or kind == "devices" or self._simulated):
                return rows
            try:
                rows.append(_row(kind, text))
            except InputError as error:
                typer.echo(str(error), err=True)

    def _device(self) -> dict[str, Any]:
        ask, volts, amps = self._ask, "Greatest voltage across the device", "Greatest current"
        return {
            "max_voltage": ask("device", "max_voltage", volts, "0.8 V"),
            "max_current": ask("device", "max_current", f"{amps} through it", "20 mA"),
        }

    def _look(self) -> None:
        answers, addresses = self._answers, ("source_meter", "resistor_bank")
        if answers.look and any(answers.values[role, "address"] is None for role in addresses):
            typer.echo("looking for instruments ...")
            with remarks() as told:
                self._found = found(answers.library)
            for remark in told:
                typer.echo(f"note: {remark}")
            for number, one in enumerate(self._found, start=1):
                typer.echo(f"{number}  {one.address}  {one.identity}  {one.driver or '-'}")
            if not self._found:
                typer.echo("none found")
            typer.echo("VISA lists neither sockets nor all of a network: write their addresses")

    def _address(self, role: str, what: str, drivers: Mapping[str, Any]) -> tuple[str, Found]:
        """An address, and who answers there as far as that is known."""
        likely = next((one for one in self._found if one.driver in drivers), None)
        simulated = role == "resistor_bank" and self._simulated
        suggested = SIMULATED if likely is None or simulated else likely.address
        text = f"Address of the {what}, a number from above, or {SIMULATED}"
        address = self._ask(role, "address", text, suggested)
        if address.isdecimal() and 0 < int(address) <= len(self._found):
            address = self._found[int(address) - 1].address
        nobody = Found(address, "", "", "")
        if address == SIMULATED:
            return address, nobody
        known = [one for one in self._found if one.address == address]
        if not known and self._answers.look:
            known = found(self._answers.library, address)
            typer.echo(f"{address}: {known[0].identity}")
        who = known[0] if known else nobody
        return address, who if who.driver in drivers else replace(who, driver="", model="")

    def _driver(self, role: str, who: Found, drivers: Mapping[str, Any]) -> str:
        """The driver; not guessed for an instrument that was asked who it is and did not say."""
        suggested = who.driver
        if not suggested and who.address.upper().startswith("ASRL") and _SERIAL in drivers:
            suggested = _SERIAL  # which does not know the question
        if not suggested and who.identity and not self._answers.ask:
            option = _OPTIONS[role, "driver"]
            if self._answers.values[role, "driver"] is None:
                raise InputError(
                    f"{who.address}: {who.identity}, which tells no driver; give {option}, one of "
                    f"{', '.join(drivers)}"
                )
        return self._ask(role, "driver", "Driver", suggested, drivers)

    def _ask(
        self, table: str, key: str, question: str, suggested: str, choices: Iterable[str] = ()
    ) -> str:
        """An option's value, or an answer; the first choice is suggested where nothing else is."""
        choices = tuple(choices)
        suggested = suggested or next(iter(choices), "")
        given = self._answers.values[table, key]
        if given is not None:
            return given
        if not self._answers.ask:
            return suggested
        text = f"{question} ({', '.join(choices)})" if choices else question
        while True:
            answer = _prompt(text, suggested, _OPTIONS[table, key])
            if not choices or answer in choices:
                return answer
            typer.echo(f"{answer!r} is none of them", err=True)


_SERIAL = "numato-relay"
"""Driver of boards on serial lines, which do not say who they are when they are asked."""
_OPTIONS = {
    ("source_meter", "address"): "--meter", ("source_meter", "driver"): "--meter-driver",
    ("source_meter", "model"): "--model", ("source_meter", "channel"): "--channel",
    ("source_meter", "wiring"): "--wiring", ("resistor_bank", "address"): "--bank",
    ("resistor_bank", "driver"): "--bank-driver", ("device", "max_voltage"): "--max-voltage",
    ("device", "max_current"): "--max-current",
    ("source_meter", "verified_period"): "--verified-period",
}  # fmt: skip


class _What(NamedTuple):
    """How rows of one kind are asked for."""

    question: str
    example: str
    none: str
    """What Enter alone means."""
    option: str
    key: str
    """Of what follows the channel."""


_ROWS = {
    "resistors": _What(
        "Relay channel and resistor", "101=500 ohm", "for the six of the study", "--resistor",
        "nominal",
    ),
    "devices": _What(
        "Relay channel and name of a device behind it", "110=D7", "when the device is wired fixed",
        "--device", "name",
    ),
}  # fmt: skip


def _prompt(question: str, suggested: str, option: str) -> str:
    try:
        answer: str = typer.prompt(question, default=suggested, show_default=bool(suggested))
    except typer.Abort as error:
        typer.echo()  # after the question
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise InputError(f"nobody answered: {question}; give {option}") from None
    return answer.strip()


def _row(kind: str, text: str) -> dict[str, Any]:
    channel, sign, value = text.partition("=")
    what = _ROWS[kind]
    if not sign or not channel.strip().isdecimal() or not value.strip():
        raise InputError(
            f"{what.option} {text!r}: write CHANNEL={'VALUE' if kind == 'resistors' else 'NAME'}, "
            f"as {what.example.replace(' ', '')}"
        )
    return {"channel": int(channel), what.key: value.strip()}


def _table(content: Mapping[str, Any]) -> tomlkit.items.Table:
    table = tomlkit.table()
    for key, value in content.items():
        table[key] = _lines(value) if isinstance(value, list) else value
    return table


def _lines(rows: Sequence[Mapping[str, Any]]) -> tomlkit.items.Array:
    array = tomlkit.array()
    for row in rows:
        inline = tomlkit.inline_table()
        inline.update(row)
        array.append(inline)
    return array.multiline(multiline=True)
