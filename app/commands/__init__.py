"""The commands of `fmes`, one a file: each does what was typed and says what came of it."""
