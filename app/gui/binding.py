"""The window's toolkit: everything of Qt and pyqtgraph is imported from here.

Which binding of Qt is used is settled before either is imported, whatever else is installed.
Enumerations are written with their scope (``Qt.AlignmentFlag.AlignLeft``), as every binding
understands them.
"""

from __future__ import annotations

import os

os.environ["QT_API"] = "pyqt5"
os.environ["PYQTGRAPH_QT_LIB"] = "PyQt5"

import pyqtgraph as pg
from qtpy import QtCore, QtGui, QtNetwork, QtWidgets
from qtpy.QtCore import Signal, Slot

__all__ = ["QtCore", "QtGui", "QtNetwork", "QtWidgets", "Signal", "Slot", "pg"]
