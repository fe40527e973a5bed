"""What a Python program said when it failed, without the way to the place."""

_PLACE = '  File "'


def reason(said: str) -> str:
    """The last place that a traceback names, and the error; all of a text without any."""
    lines = said.strip("\n").splitlines()
    places = [number for number, line in enumerate(lines) if line.startswith(_PLACE)]
    return "\n".join(lines[places[-1] :] if places else lines)
