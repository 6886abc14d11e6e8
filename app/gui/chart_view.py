"""A page of results: the panels of a chart, its table and notes, and where it comes from."""

from __future__ import annotations

from analysis.symbols import DOT
from app.gui import theme
from app.gui.binding import QtCore, QtWidgets
from app.gui.chart_dress import ChartDress
from app.gui.chart_panel import ChartPanel
from app.gui.chart_plot import ChartPlot
from app.gui.copy_table import CopyTable
from app.gui.legend import Legend
from app.library.chart import Chart
from app.library.looks import groups_of, letters_of

_SELECTABLE = QtCore.Qt.TextInteractionFlag.TextSelectableByMouse


class ChartView(QtWidgets.QWidget):
    """Shows a chart, or says in words why there is none."""

    _built = False

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart: Chart | None = None
        """What is shown."""
        self.plots: list[ChartPlot] = []
        """The plots of its panels, from top to bottom and left to right."""
        self.table: CopyTable | None = None
        """Its table, if it has one."""
        self._alert = QtWidgets.QLabel(objectName="chart_alert")
        self._title = QtWidgets.QLabel(objectName="chart_title")
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._origin = QtWidgets.QLabel(objectName="chart_origin", wordWrap=True)
        self._origin.setTextInteractionFlags(_SELECTABLE)
        self._empty = QtWidgets.QLabel(objectName="chart_empty", wordWrap=True)
        self._empty.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self._page = QtWidgets.QScrollArea(widgetResizable=True)
        self._page.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self._pages = QtWidgets.QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._page)
        self._reading = QtWidgets.QLabel(objectName="chart_reading")
        self._reading.setMinimumWidth(1)
        self._whole = QtWidgets.QPushButton("Show &all", objectName="chart_whole")
        self._whole.setToolTip("Bring everything of every panel into view (in a panel: Home).")
        self._whole.clicked.connect(self._show_whole)
        self._build()
        self._built = True
        self.show_chart(None, "")

    def show_chart(self, chart: Chart | None, empty_text: str = "") -> None:
        """Show a chart; without one, say what fills the page."""
        self.chart, self.plots, self.table = chart, [], None
        self._reading.clear()
        self._empty.setText(empty_text)
        self._title.setText(chart.title if chart else "")
        alert = chart.alert if chart else ""
        self._alert.setText(alert)
        self._alert.setVisible(bool(alert))
        self._alert.setProperty("kind", "simulated" if alert == "SIMULATED" else "warning")
        self._alert.style().polish(self._alert)
        lines = DOT.join(filter(None, (chart.conditions, chart.origin))) if chart else ""
        self._origin.setText(lines)
        self._origin.setVisible(bool(lines))
        self._whole.setVisible(chart is not None)
        # The page before it is deleted with all its plots.
        self._page.setWidget(self._page_of(chart) if chart else QtWidgets.QWidget())
        self._pages.setCurrentWidget(self._page if chart else self._empty)

    def changeEvent(self, event: QtCore.QEvent) -> None:  # noqa: N802 (Qt's name)
        super().changeEvent(event)
        if self._built and self.chart and event.type() == QtCore.QEvent.Type.PaletteChange:
            # Later: the plots that would be replaced have yet to hear of the change themselves.
            QtCore.QTimer.singleShot(0, self._dress_again)

    def _build(self) -> None:
        top = QtWidgets.QHBoxLayout()
        top.addWidget(self._alert)
        top.addWidget(self._title, 1)
        bottom = QtWidgets.QHBoxLayout()
        bottom.addWidget(self._reading, 1)
        bottom.addWidget(self._whole)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self._origin)
        layout.addWidget(self._pages, 1)
        layout.addLayout(bottom)

    def _page_of(self, chart: Chart) -> QtWidgets.QWidget:
        page = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 4, 0)
        dress = ChartDress.of(chart, theme.current())
        runs = Legend()
        layout.addWidget(runs)
        runs.show_entries(dress.run_entries())
        letters = iter(letters_of(chart))
        for group in groups_of(chart.rows):
            above: ChartPlot | None = None
            for number, row in enumerate(group):
                line = QtWidgets.QHBoxLayout()
                for panel in row:
                    shown = ChartPanel(panel, next(letters), dress)
                    line.addWidget(shown, round(100 * panel.width))
                    if shown.plot is None:
                        continue
                    shown.plot.told.connect(self._reading.setText)
                    self.plots.append(shown.plot)
                    if len(group) > 1:
                        if above is not None:
                            shown.plot.setXLink(above)
                        if number < len(group) - 1:
                            shown.plot.hide_bottom()
                        above = shown.plot
                layout.addLayout(line, round(100 * max(panel.height for panel in row)))
        if chart.table:
            self.table = CopyTable(chart.columns, chart.table)
            layout.addWidget(self.table)
        if chart.notes:
            notes = QtWidgets.QLabel(
                "\n".join(chart.notes), wordWrap=True, objectName="chart_notes"
            )
            notes.setTextInteractionFlags(_SELECTABLE)
            layout.addWidget(notes)
        return page

    def _show_whole(self) -> None:
        for plot in self.plots:
            plot.show_whole()

    def _dress_again(self) -> None:
        if self.chart:
            place = self._page.verticalScrollBar().value()
            ranges = [plot.box.viewRange() for plot in self.plots]
            self.show_chart(self.chart, self._empty.text())
            for plot, (x, y) in zip(self.plots, ranges, strict=True):
                plot.show_range((x[0], x[1]), (y[0], y[1]))
            self._page.verticalScrollBar().setValue(place)
