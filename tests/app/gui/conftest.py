import os

# Read by Qt when the application is made: sizes in the tests do not depend on a screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_FONT_DPI", "96")
