"""What SCPI instruments answer, read as lists."""


def errors(smu):
    """Codes in the error queue, which is empty afterwards."""
    found = []
    while not (entry := smu.ask("SYST:ERR?")).startswith("0,"):
        found.append(int(entry.split(",")[0]))
    return found


def values(smu, query):
    """Numbers that a query gives."""
    return [float(word) for word in smu.ask(query).split(",")]
