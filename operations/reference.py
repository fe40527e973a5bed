"""Writes docs/reference/commands.md from the commands: `python -m operations.reference`."""

from pathlib import Path

from operations.command import EXIT_CODES, app

FILE = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"


def text() -> str:
    """The reference of all commands: exit codes, arguments, options."""
    codes = "\n".join(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
    title, _, rest = app.generate_docs(output_format="markdown").partition("\n")
    return (
        f"{title}\n\nWritten by `make golden` from the commands.\n\n"
        f"| exit code | means |\n|---|---|\n{codes}\n{rest.rstrip()}\n"
    )


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
