"""The desktop toolkit that `make test` prepares can open a window and write text in it."""

import os
import subprocess
import sys

PROGRAM = """
import numpy as np
from PyQt5.QtWidgets import QApplication, QLabel
app = QApplication([])
label = QLabel("PSV 115 mV")
label.resize(200, 50)
label.show()
app.processEvents()
image = label.grab().toImage().convertToFormat(4)
bits = image.constBits()
bits.setsize(image.byteCount())
print(len(np.unique(np.frombuffer(bits, np.uint32))))
"""


def test_a_window_with_text_opens_without_a_screen():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # Without a font the text is blank and nothing says so: one colour only.
    assert int(done.stdout) > 5
