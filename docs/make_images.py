"""Makes every picture of the site by running the program: ``python docs/make_images.py``.

Each picture is made twice, light and dark (``NAME.png`` and ``NAME-dark.png``). Those of networks
need MNIST and minutes. They are made of a folder of trainings if one is given, that of the command
in `docs/explanation/network.md`; with a folder of MNIST's files after it, the one of the network
that adapts is made too: ``python docs/make_images.py TRAININGS MNIST``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.nonlinearity import label, normalised_curve
from analysis.style import DARK, LIGHT, SMALL, TEXT, Theme, dress, legend, new_figure
from app import lab
from app.commands.adapt import open_curve
from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from app.training.training_figures import FIGURES, figures
from network import adaptation_figure
from network.adaptation import adapt
from network.adaptation_result import Options
from network.idx import read_digits
from network.summary import summarise
from network.training_file import load

FOLDER = Path(__file__).parent / "images"


def main() -> None:
    """Make all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        runs = {name: lab.run(name, sample="D7", out=folder) for name in ("ltp-ltd", "ppf")}
        for name, run in runs.items():
            for dark, ending in ((False, ""), (True, "-dark")):
                lab.figure(run, dark=dark).savefig(FOLDER / f"{name}{ending}.png")
    drawings: dict[str, Callable[[Theme], Figure]] = {
        "pulse": draw_pulse, "circuit": draw_circuit, "nonlinearity": draw_nonlinearity,
    }  # fmt: skip
    for name, draw in drawings.items():
        for look, ending in ((LIGHT, ""), (DARK, "-dark")):
            draw(look).savefig(FOLDER / f"{name}{ending}.png")
    if len(sys.argv) > 1:
        draw_networks(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        draw_adaptation(Path(sys.argv[2]))


def draw_networks(trainings: Path) -> None:
    """Accuracies, weight maps and histograms of a folder of trainings."""
    kinds = ("float", "500-ohm", "1-kohm", "8-kohm", "open")
    files = [path for kind in kinds for path in sorted(trainings.glob(f"{kind}_*.h5"))]
    summary = summarise([load(path) for path in files])
    for dark, ending in ((False, ""), (True, "-dark")):
        for name, figure in zip(FIGURES, figures(summary, dark), strict=True):
            figure.savefig(FOLDER / f"network-{name}{ending}.png")


def draw_adaptation(mnist: Path) -> None:
    """What ``fmes adapt`` draws with its defaults."""
    with tempfile.TemporaryDirectory() as folder:
        run = lab.run("ltp-ltd", states="open", out=folder)
        result = adapt(read_digits(mnist), open_curve([run.path]), Options(), lambda *_: None)
    for dark, ending in ((False, ""), (True, "-dark")):
        adaptation_figure.draw(result, dark=dark).savefig(FOLDER / f"adaptation{ending}.png")


MICRO = "\N{MICRO SIGN}"
WIDTH, GAP, AMPLITUDE, APERTURE, OVERHEAD = 20e-3, 20e-3, 1e-3, 200e-6, 60e-6


def draw_pulse(look: Theme) -> Figure:
    """Two pulses on the simulated device, the end of the first at a larger scale, and terms."""
    time, voltage = _two_pulses()
    figure = new_figure(look, 105e-3)
    panels = figure.subplot_mosaic("AC;BC", width_ratios=(1.75, 1), height_ratios=(1, 1.35))
    source, psv, end = panels["A"], panels["B"], panels["C"]
    period, ms, mv = WIDTH + GAP, 1e3, 1e3

    dress(source, look, "a", "", "Source current (mA)")
    edges = np.array([-14e-3, 0, WIDTH, period, period + WIDTH, 2 * period])
    source.stairs([0, 1, 0, 1, 0], edges * ms, baseline=None, color=look.up, linewidth=1.3)
    source.set_ylim(-0.95, 1.45)
    source.tick_params(labelbottom=False)
    _span(source, look, 0, WIDTH * ms, -0.34, "width")
    _span(source, look, WIDTH * ms, period * ms, -0.34, "gap")
    _span(source, look, 0, period * ms, -0.72, "period")
    _span(source, look, -4, -5.7, (0, 1), "amplitude")
    _say(source, look, WIDTH / 2 * ms, 1.1, "pulse 1", "center")
    _say(source, look, (period + WIDTH / 2) * ms, 1.1, "pulse 2", "center")

    dress(psv, look, "b", "Time (ms)", "Voltage across the device, PSV (mV)")
    psv.plot(time * ms, voltage * mv, color=look.ink, linewidth=1.1)
    reads = np.array([WIDTH, period, period + WIDTH, 2 * period]) - OVERHEAD - APERTURE / 2
    values = np.interp(reads, time, voltage) * mv
    psv.plot(
        reads[::2] * ms, values[::2], "o", color=look.up, markersize=4.5, label="read at pulse end"
    )
    psv.plot(
        reads[1::2] * ms, values[1::2], "s", color=look.down, markersize=4.5,
        label="read at gap end: the weight",
    )  # fmt: skip
    legend(psv, look, loc="upper left")
    _say(psv, look, -13, 4, "baseline")
    _say(psv, look, 1.2, values[0] * 0.25, "ohmic step")
    _say(psv, look, WIDTH * ms + 7, values[1] + 16, "relaxation")
    step = values[3] - values[1]
    psv.plot([reads[1] * ms, reads[3] * ms], [values[1]] * 2, color=look.faint, linewidth=0.8)
    right = reads[3] * ms + 1.5
    _span(psv, look, right, right + 3.5, (values[1], values[3]), f"step {step:.0f} mV")
    psv.set_xlim(-14, 2 * period * ms + 7)
    source.set_xlim(psv.get_xlim())
    psv.set_ylim(-6, values.max() * 1.35)

    dress(end, look, "c", f"Time before the end of the pulse ({MICRO}s)", "PSV (mV)")
    near = time > WIDTH - 520e-6
    near &= time < WIDTH
    end.plot((time[near] - WIDTH) * 1e6, voltage[near] * mv, color=look.ink, linewidth=1.1)
    begin, stop = -(OVERHEAD + APERTURE) * 1e6, -OVERHEAD * 1e6
    middle = np.interp(WIDTH - OVERHEAD - APERTURE / 2, time, voltage) * mv
    end.add_patch(Rectangle((begin, middle - 0.5), stop - begin, 1.0, color=look.up, alpha=0.25))
    end.plot([(begin + stop) / 2], [middle], "o", color=look.up, markersize=4.5)
    end.set_ylim(middle - 1.2, middle + 1.2)
    _span(end, look, begin, stop, middle - 0.62, f"aperture 200 {MICRO}s")
    _span(end, look, stop, 0, middle + 0.56, "")
    _say(end, look, 10, middle + 0.64, f"60 {MICRO}s for the\ninstrument", "right")
    end.annotate(
        "requested time:\nstart of the reading", (begin, middle + 0.5), (begin - 225, middle + 0.9),
        fontsize=SMALL, color=look.ink, arrowprops={"arrowstyle": "->", "color": look.ink},
    )  # fmt: skip
    end.annotate(
        "achieved time:\nits own time stamp", (begin + 4, middle - 0.5),
        (begin - 225, middle - 0.9),
        fontsize=SMALL, color=look.ink, arrowprops={"arrowstyle": "->", "color": look.ink},
    )  # fmt: skip
    return figure


def _two_pulses() -> tuple[np.ndarray, np.ndarray]:
    """Time and terminal voltage under two pulses from rest, as the simulated source drives it."""
    stage = make_bench(RigFile(), noise=False).stage("a")
    stage.set_resistance(0.0, 8000.0)
    rest, time, voltage = 14e-3, [], []
    stage.drive(0.0, "current", 0.0, 0.8, 1e-3)
    moments = np.arange(0.0, rest + 2 * (WIDTH + GAP), 10e-6)
    switches = [(rest + k * WIDTH, AMPLITUDE if k % 2 == 0 else 0.0) for k in range(4)]
    for moment in moments:
        while switches and moment >= switches[0][0]:
            at, level = switches.pop(0)
            stage.drive(at, "current", level, 0.8, 1e-3)
        time.append(moment - rest)
        voltage.append(stage.terminal(moment)[0])
    return np.array(time), np.array(voltage)


def _span(
    axes: Axes, look: Theme, x: float, x_end: float, y: float | tuple[float, float], word: str
) -> None:
    """A double arrow along x at height y, or at x along y when y is a pair, with a word."""
    if isinstance(y, tuple):
        begin, end = (x, y[0]), (x, y[1])
        place, turn = (x_end, sum(y) / 2), {"ha": "center", "va": "center", "rotation": 90}
    else:
        begin, end = (x, y), (x_end, y)
        place, turn = ((x + x_end) / 2, y), {"ha": "center", "va": "bottom"}
    axes.annotate(
        "", begin, end,
        arrowprops={"arrowstyle": "<->", "color": look.ink, "linewidth": 0.7, "shrinkA": 0,
                    "shrinkB": 0, "mutation_scale": 6},
    )  # fmt: skip
    axes.annotate(
        word, place, (0, 0 if turn["va"] == "center" else 2.5), textcoords="offset points",
        fontsize=SMALL + 0.5, color=look.ink, **turn,
    )  # fmt: skip


def _say(axes: Axes, look: Theme, x: float, y: float, text: str, ha: str = "left") -> None:
    axes.text(x, y, text, fontsize=SMALL + 0.5, color=look.ink, ha=ha)


def draw_circuit(look: Theme) -> Figure:
    """The source, the regulating resistor, and the device's circuit."""
    figure = new_figure(look, 52e-3, 150e-3)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_xlim(-0.7, 12.6)
    axes.set_ylim(-0.8, 3.6)

    def wire(*points: tuple[float, float]) -> None:
        axes.plot(*zip(*points, strict=True), color=look.ink, linewidth=1, solid_capstyle="round")

    def resistor(x: float, y: float, name: str, upright: bool = False) -> None:
        w, h = (0.26, 0.8) if upright else (0.8, 0.26)
        axes.add_patch(
            Rectangle(
                (x - w / 2, y - h / 2), w, h, facecolor=look.paper, edgecolor=look.ink, zorder=3
            )
        )
        place = (x + 0.25, y) if upright else (x, y + 0.35)
        axes.text(*place, name, fontsize=TEXT, color=look.ink, va="center" if upright else "bottom",
                  ha="left" if upright else "center")  # fmt: skip

    def capacitor(x: float, name: str) -> None:
        wire((x, 2.5), (x, 1.33))
        wire((x, 1.17), (x, 0))
        for y in (1.33, 1.17):
            wire((x - 0.3, y), (x + 0.3, y))
        axes.text(x + 0.4, 1.25, name, fontsize=TEXT, color=look.ink, va="center")

    wire((0, 0), (10.9, 0))
    wire((0, 2.5), (10.9, 2.5))
    wire((0, 0), (0, 2.5))
    axes.add_patch(
        Rectangle((-0.45, 0.8), 0.9, 0.9, facecolor=look.paper, edgecolor=look.up, zorder=3)
    )
    axes.text(0, 1.25, "SMU", fontsize=TEXT, color=look.up, ha="center", va="center",
              zorder=4)  # fmt: skip
    wire((2.2, 0), (2.2, 2.5))
    resistor(2.2, 1.25, "R", upright=True)
    axes.text(1.95, 1.25, "regulating", fontsize=SMALL, color=look.down, rotation=90, ha="right",
              va="center")  # fmt: skip
    axes.plot([2.2], [2.5], "o", color=look.ink, markersize=3.5)
    axes.text(2.2, 2.65, "u: PSV", fontsize=TEXT, color=look.down, ha="center", va="bottom")
    resistor(3.9, 2.5, "Rs 44.2 $\\Omega$")
    wire((5.2, 2.5), (5.2, 0))
    resistor(5.2, 1.25, "Rleak\n1 M$\\Omega$", upright=True)
    capacitor(6.5, "C1\n0.295 mF")
    resistor(7.6, 2.5, "R1 113 $\\Omega$")
    capacitor(8.6, "C2\n7.14 mF")
    resistor(9.8, 2.5, "R2 7 k$\\Omega$")
    capacitor(10.9, "C3\n1.09 mF")
    axes.add_patch(
        Rectangle((3.1, -0.35), 9.3, 3.6, facecolor="none", edgecolor=look.faint, linestyle="--")
    )
    axes.text(12.3, 3.0, "device", fontsize=TEXT, color=look.ink, ha="right", va="center")
    return figure


def draw_nonlinearity(look: Theme) -> Figure:
    """What the NL label measures, on three curves."""
    figure = new_figure(look, 62e-3, 104e-3)
    axes = figure.add_subplot()
    dress(axes, look, "", "Pulse number over count, P", "$(W - W_{min})/(W_{max} - W_{min})$")
    p = np.linspace(0, 1, 400)
    axes.plot(p, p, color=look.faint, linewidth=1)
    for curvature, colour in zip((0.8, 2.5, 8.0), look.ordered(3), strict=True):
        curve = normalised_curve(p, curvature)
        axes.plot(
            p, curve, color=colour, label=f"A = {1 / curvature:.3g}, NL = {label(curvature):.2f}"
        )
        far = int(np.argmax(curve - p))
        foot = (p[far] + curve[far]) / 2
        axes.plot([p[far], foot], [curve[far], foot], color=colour, linewidth=0.9, linestyle=":")
    axes.set_aspect("equal", anchor="W")
    legend(axes, look, loc="center left", bbox_to_anchor=(1.05, 0.6))
    axes.text(1.06, 0.3, "dotted: greatest distance from\nthe diagonal = 0.07 NL",
              fontsize=SMALL + 0.5, color=look.ink, transform=axes.transAxes)  # fmt: skip
    return figure


if __name__ == "__main__":
    main()
