"""The reproduction as one HTML page with everything in it, and as JSON."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.study import PAPER, Row
from app.reproduction.reproduce import Measured, Reproduction
from app.reproduction.reproduce_networks import Computed


def write_report(
    reproduction: Reproduction, networks: Sequence[Computed], folder: Path
) -> tuple[Path, Path]:
    """Write ``report.html`` and ``report.json`` into a folder; never over a file.

    Returns
    -------
    tuple of Path
        The page and the JSON file.
    """
    environment = Environment(
        loader=PackageLoader("app.reproduction", "."), autoescape=True, undefined=StrictUndefined
    )
    rows = all_rows(reproduction, networks)
    counts = Counter(row.verdict for row in rows)
    page = environment.get_template("report.html.j2").render(
        simulated=reproduction.simulated,
        instruments=_instruments(reproduction),
        version=version("fmes-lab"),
        date=datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
        paper=PAPER,
        counts="; ".join(f"{verdict}: {n}" for verdict, n in counts.items()),
        rows=rows,
        sections=[_section(m) for m in reproduction.measured]
        + [_network_section(c) for c in networks],
    )
    html, data = folder / "report.html", folder / "report.json"
    with html.open("x", encoding="utf-8") as file:
        file.write(page)
    with data.open("x", encoding="utf-8") as file:
        json.dump(_json(reproduction, networks), file, indent=1, allow_nan=False)
    return html, data


def all_rows(reproduction: Reproduction, networks: Sequence[Computed]) -> tuple[Row, ...]:
    """Every line of the comparison."""
    return reproduction.rows + tuple(row for c in networks if c.made for row in c.made.rows)


def _section(measured: Measured) -> dict[str, Any]:
    parameters = measured.run.info.parameters if measured.run else {}
    return {
        "title": measured.study.title,
        "panels": measured.study.panels,
        "reason": measured.reason,
        "pictures": [_picture(figure) for figure in measured.figures],
        "tables": [result.table() for result in measured.results.values()],
        "parameters": json.dumps(parameters, indent=1),
        "file": measured.path.name if measured.path else "not measured",
    }


def _network_section(computed: Computed) -> dict[str, Any]:
    made = computed.made
    return {
        "title": computed.study.title,
        "panels": computed.study.panels,
        "reason": computed.reason,
        "pictures": [_picture(figure) for figure in made.figures] if made else [],
        "tables": [made.result.table()] if made else [],
        "parameters": json.dumps(made.parameters if made else {}, indent=1),
        "file": computed.path.name if computed.path else "not made",
    }


def _picture(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _instruments(reproduction: Reproduction) -> str:
    runs = [m.run for m in reproduction.measured if m.run]
    if not runs:
        return "no instrument was reached"
    return "; ".join(
        f"{i['manufacturer']} {i['model']} (serial {i['serial']})"
        for i in runs[0].info.instruments.values()
    )


def _json(reproduction: Reproduction, networks: Sequence[Computed]) -> dict[str, Any]:
    return {
        "study": PAPER,
        "simulated": reproduction.simulated,
        "rows": [asdict(row) for row in all_rows(reproduction, networks)],
        "measurements": [
            {
                "name": m.study.name,
                "file": m.path.name if m.path else None,
                "reason": m.reason,
                "results": {name: result.as_json() for name, result in m.results.items()},
            }
            for m in reproduction.measured
        ],
        "networks": [
            {
                "name": c.study.name,
                "file": c.path.name if c.path else None,
                "reason": c.reason,
                "result": c.made.result.as_json() if c.made else None,
            }
            for c in networks
        ],
    }
