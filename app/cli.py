"""The command line: `fmes`.

Heavy imports are inside the commands, so that `fmes --help` starts at once.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from app.cli_rig import rig_app
from app.commands.exit_codes import FAILED, exit_codes
from app.commands.options import (
    PresetName,
    ProtocolName,
    RigFileName,
    RigPath,
    RunFile,
    Settings,
    WithTranscript,
)

app = typer.Typer(
    name="fmes",
    help="Pulse protocols on synaptic devices: measure, record, analyse.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog=(
        "Exit codes: 0 finished, 1 failed, 2 bad input, 3 aborted, "
        "4 a file that is still being written (verify)."
    ),
)

MEASURING, RECORDED, NETWORKS, INSTRUMENTS = (
    "Measure", "Work with recorded runs", "Networks", "Instruments",
)  # fmt: skip


app.add_typer(rig_app, name="rig", no_args_is_help=True, rich_help_panel=INSTRUMENTS)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"fmes-lab {version('fmes-lab')}")
        raise typer.Exit


@app.callback()
def every_command(
    version: Annotated[  # noqa: ARG001 (its callback has done all)
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Pulse protocols on synaptic devices: measure, record, analyse."""
    from app.commands.console import have_standard_streams

    have_standard_streams()


@app.command(rich_help_panel=MEASURING)
def run(
    protocol: Annotated[
        str | None,
        typer.Argument(metavar="PROTOCOL", help="As ltp-ltd, or a file of yours, as mine.py:Mine."),
    ] = None,
    preset: PresetName = None,
    settings: Settings = None,
    rig: RigPath = None,
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the run's file, or a new file *.h5.")
    ] = Path("runs"),
    sample: Annotated[str | None, typer.Option("--sample", help="Name of the device.")] = None,
    note: Annotated[str, typer.Option("--note", help="Free text that is kept in the file.")] = "",
    repeat: Annotated[
        Path | None,
        typer.Option(
            "--repeat", metavar="FILE", help="A recorded run that is to be run once more."
        ),
    ] = None,
    allow_differences: Annotated[
        bool,
        typer.Option("--allow-differences", help="Repeat it although rig or program differ."),
    ] = False,
    events: Annotated[
        bool,
        typer.Option("--events", help="Print JSON lines; read the lines pause, resume, abort."),
    ] = False,
    figure: Annotated[
        bool, typer.Option("--figure/--no-figure", help="Draw the figure at the end.")
    ] = True,
    transcript: WithTranscript = False,
) -> None:
    """Run a protocol on a rig and record it."""
    with exit_codes():
        from app.commands.run import run_protocol

        code = run_protocol(
            protocol, preset=preset, settings=settings or [], rig=rig, out=out, sample=sample,
            note=note, events=events, figure=figure, transcript=transcript, repeat=repeat,
            allow_differences=allow_differences,
        )  # fmt: skip
    raise typer.Exit(code)


@app.command(rich_help_panel=MEASURING)
def check(
    protocol: ProtocolName,
    preset: PresetName = None,
    settings: Settings = None,
    rig: RigPath = None,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", help="Draw the stimulus into this new PNG, SVG or PDF file."),
    ] = None,
) -> None:
    """Say what a run would do; nothing is energised."""
    with exit_codes():
        from app.commands.check import check_protocol

        check_protocol(protocol, preset=preset, settings=settings or [], rig=rig, picture=picture)


@app.command(rich_help_panel=MEASURING)
def protocols() -> None:
    """List the protocols."""
    from app.commands.describe import list_protocols

    list_protocols()


@app.command(rich_help_panel=MEASURING)
def describe(protocol: ProtocolName) -> None:
    """Show a protocol's parameters, units, defaults, limits and presets."""
    with exit_codes():
        from app.commands.describe import describe_protocol

        describe_protocol(protocol)


@app.command(rich_help_panel=RECORDED)
def analyse(
    file: RunFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the measures of a recorded run."""
    with exit_codes():
        from app.commands.analyse import analyse_file

        analyse_file(file, as_json=as_json)


@app.command(rich_help_panel=RECORDED)
def timing(file: RunFile) -> None:
    """Print how punctual each program of a recorded run was: lateness, jitter, overruns."""
    with exit_codes():
        from app.commands.timing import show_timing

        show_timing(file)


@app.command(rich_help_panel=RECORDED)
def figure(
    file: RunFile,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="PNG, SVG or PDF file; beside the run's file without it."),
    ] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Light on dark.")] = False,
) -> None:
    """Draw the figure of a recorded run."""
    with exit_codes():
        from app.commands.analyse import draw_file

        draw_file(file, out, dark=dark)


@app.command(rich_help_panel=MEASURING)
def campaign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A campaign's TOML file.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the runs' files; runs/NAME-OF-FILE without it."),
    ] = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Say what would be run; nothing is energised.")
    ] = False,
    transcript: WithTranscript = False,
) -> None:
    """Measure a list of runs; started again, it goes on with what is not complete."""
    code = 0
    with exit_codes():
        from app.commands.campaign import check_campaign, run_campaign
        from app.errors import InputError

        if only_check and transcript:
            raise InputError(
                "--check reaches no instrument, so there is nothing for a --transcript; leave out "
                "one of them"
            )
        if only_check:
            check_campaign(file, out)
        else:
            code = run_campaign(file, out, transcript=transcript)
    raise typer.Exit(code)


@app.command(rich_help_panel=RECORDED)
def compare(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Runs of one protocol.")],
    out: Annotated[Path, typer.Option("--out", help="New PNG, SVG or PDF file.")] = Path(
        "comparison.png"
    ),
    dark: Annotated[bool, typer.Option("--dark", help="Light on dark.")] = False,
) -> None:
    """Draw several runs of one protocol over each other."""
    with exit_codes():
        from app.commands.compare import compare_files

        compare_files(files, out, dark=dark)


@app.command(rich_help_panel=RECORDED)
def export(
    file: RunFile,
    to: Annotated[Path, typer.Option("--to", help="New .csv or .nc file.")],
) -> None:
    """Write a run's readings as CSV or netCDF."""
    with exit_codes():
        from app.commands.export import export_file

        export_file(file, to)


@app.command(rich_help_panel=NETWORKS)
def adapt(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RUN",
            help="Open runs of ltp-ltd, endurance or array; else the simulated rig is measured.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="FOLDER",
            help="Folder with the four IDX files of MNIST; without it the extra mnist.",
        ),
    ] = None,
    images: Annotated[
        int, typer.Option("--images", min=1, help="Images of dataset 2 to map.")
    ] = 1000,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Epochs on dataset 1.")] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all random numbers.")] = 1,
    law: Annotated[
        str,
        typer.Option(
            "--law", metavar="LAW", help="What is linear in brightness: conductance or resistance."
        ),
    ] = "conductance",
    amplitude: Annotated[
        str, typer.Option("--amplitude", help="Current of the pulse that goes with an image.")
    ] = "1 mA",
    pairing: Annotated[
        str, typer.Option("--pairing", help="Which row becomes that of which digit.")
    ] = "8-9,6-5,2-7,4-1",
    noise: Annotated[
        str, typer.Option("--noise", help="Of a step over the window: 0, 0.01 ..., or measured.")
    ] = "0",
    spread: Annotated[
        str, typer.Option("--spread", help="Of the devices' steps: 0, 0.1 ..., or measured.")
    ] = "0",
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the result's file, or a new file *.h5.")
    ] = Path("networks"),
    dark: Annotated[bool, typer.Option("--dark", help="Figure light on dark.")] = False,
) -> None:
    """Let a network of four digits adapt to four others by mapping their pixels (Fig. 5)."""
    with exit_codes():
        from app.commands.adapt import adapt_network

        adapt_network(
            runs or [], data, images=images, epochs=epochs, seed=seed, law=law,
            amplitude=amplitude, pairing=pairing, noise=noise, spread=spread, out=out, dark=dark,
        )  # fmt: skip


@app.command(rich_help_panel=RECORDED)
def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Runs' HDF5 files.")],
) -> None:
    """Check that runs' files are whole and unchanged."""
    with exit_codes():
        from app.commands.files import verify_files

        code = verify_files(files)
    raise typer.Exit(code)


@app.command(rich_help_panel=RECORDED)
def recover(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Runs' HDF5 files.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the new files; beside the old ones without it."),
    ] = None,
    writer_gone: Annotated[
        bool,
        typer.Option(
            "--writer-gone", help="The program that recorded them on another computer is gone."
        ),
    ] = False,
) -> None:
    """Make new files of what interrupted, damaged or older ones hold."""
    with exit_codes():
        from app.commands.files import recover_files

        code = recover_files(files, out, writer_gone=writer_gone)
    raise typer.Exit(code)


@app.command(rich_help_panel=MEASURING)
def reproduce(
    rig: RigPath = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for a new folder of results.")] = Path(
        "runs"
    ),
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FOLDER", help="As in train; no networks without it."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Train networks for the study's 100 epochs, not 10.")
    ] = False,
) -> None:
    """Run every measurement of the study and report, beside the study's own values."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in train
    with exit_codes():
        from app.commands.reproduce import reproduce_study

        code = reproduce_study(rig, out, data, full=full)
    raise typer.Exit(code)


@app.command(rich_help_panel=NETWORKS)
def train(
    files: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Runs of ltp-ltd, endurance or array.")
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="FOLDER",
            help="Folder with the four IDX files of MNIST; without it the extra mnist.",
        ),
    ] = None,
    states: Annotated[
        str | None,
        typer.Option("--states", help="As 500,8k,open; all that were measured without it."),
    ] = None,
    epochs: Annotated[int, typer.Option("--epochs", help="Epochs of each training.")] = 100,
    seeds: Annotated[
        str, typer.Option("--seeds", help="Of random numbers, as 1-5 or 1,4,7.")
    ] = "1",
    rate: Annotated[str, typer.Option("--rate", help="Learning rates, as 0.3,1.")] = "1",
    noise: Annotated[
        str,
        typer.Option("--noise", help="Of a step, as part of the window: measured, 0, 0.01 ..."),
    ] = "measured",
    learning: Annotated[
        str, typer.Option("--learning", help="Rate in every state: same, or set by the resistor.")
    ] = "same",
    rounding: Annotated[
        str, typer.Option("--rounding", help="To whole pulses: stochastic, deterministic, sign.")
    ] = "stochastic",
    jump: Annotated[
        str, typer.Option("--jump", help="Several pulses by formula or table.")
    ] = "formula",
    mapping: Annotated[
        str, typer.Option("--mapping", help="A weight is a single device or a pair of them.")
    ] = "single",
    scale: Annotated[float, typer.Option("--scale", help="Weight at the window's end.")] = 1.0,
    depression: Annotated[
        str,
        typer.Option("--depression", help="truncate it to the window, or renormalise it."),
    ] = "truncate",
    batch: Annotated[int, typer.Option("--batch", help="Images in a batch.")] = 100,
    reference: Annotated[
        bool, typer.Option("--float/--no-float", help="Train plain numbers too.")
    ] = True,
    out: Annotated[
        Path, typer.Option("--out", help="Folder of the files; what is in it is not done again.")
    ] = Path("training"),
    workers: Annotated[int, typer.Option("--workers", help="Processes that train.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Of a Dask cluster, as tcp://host:8786.")
    ] = None,
    figure: Annotated[
        bool, typer.Option("--figure/--no-figure", help="Draw the figures at the end.")
    ] = True,
) -> None:
    """Train networks of measured devices; started again, it goes on."""
    # More threads gain nothing on layers of this size and disturb whatever else computes; workers
    # of Dask have one too, so that sums are added up in the same order everywhere.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with exit_codes():
        from rich.console import Console

        from app.commands.train import Asked, report, train_networks
        from app.training.training_pool import WorkerLost

        asked = Asked(
            states=states, seeds=seeds, rate=rate, noise=noise, epochs=epochs, batch=batch,
            rounding=rounding, jump=jump, mapping=mapping, scale=scale, depression=depression,
            learning=learning, reference=reference,
        )  # fmt: skip
        console = Console(highlight=False, soft_wrap=True)
        try:
            summary = train_networks(
                files, asked, data=data, out=out, count=workers, scheduler=scheduler,
                console=console,
            )  # fmt: skip
        except WorkerLost as error:
            typer.echo(f"failed: {error}", err=True)
            raise typer.Exit(FAILED) from None
        report(summary, out, console, figure=figure)


@app.command(rich_help_panel=INSTRUMENTS)
def safe(
    rig: RigFileName,
    by_hand: Annotated[
        bool,
        typer.Option("--by-hand", help="You have switched the rig off; let runs begin again."),
    ] = False,
    transcript: WithTranscript = False,
) -> None:
    """Switch a rig off: source to 0 and high-impedance, all relays open."""
    from app.commands.safe import make_safe

    with exit_codes():
        code = make_safe(rig, by_hand=by_hand, transcript=transcript)
    raise typer.Exit(code)


@app.command(rich_help_panel=INSTRUMENTS)
def emulate(
    target: Annotated[
        str,
        typer.Argument(metavar="RIG", help="A rig file, or 2602b: a 2602B and a 34970A."),
    ] = "2602b",
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65500, help="TCP port of the first instrument; 0: any free one."
        ),
    ] = None,
    rig: RigPath = None,
    disconnected: Annotated[
        bool,
        typer.Option(
            "--disconnected", help="Begin without the device; type connect or disconnect meanwhile."
        ),
    ] = False,
) -> None:
    """Serve a bench of emulated instruments on loopback until Ctrl-C; prints their addresses."""
    with exit_codes():
        from app.commands.emulate import serve_bench

        serve_bench(target, port, rig, connected=not disconnected)


@app.command(rich_help_panel=INSTRUMENTS)
def station(
    idle: Annotated[
        float,
        typer.Option("--idle", min=0, help="Seconds without a window or work after which it ends."),
    ] = 10.0,
) -> None:
    """Own the rig and play the queue for the windows; they start it by themselves."""
    with exit_codes():
        from app.commands.station import run_station

        code = run_station(idle)
    raise typer.Exit(code)
