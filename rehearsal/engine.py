"""How Pulumi's engine is run on this machine: without what only costs time here."""

from pathlib import Path

from rehearsal.files import write_public

# The engine is short-lived and small: collecting garbage later saves a tenth of its time.
_GARBAGE_PERCENT = "400"

# Most steps wait for a rollout and use no processor; four per processor would be too few.
_STEPS_AT_ONCE = "32"

_NO_LOGS = """\
The engine writes a log of its own into a folder of this name, everything it does at the finest
level, compressed and encrypted: a third of its time. It does without where it finds a file.
"""


def engine_variables(home: Path) -> dict[str, str]:
    """The environment variables for an engine whose PULUMI_HOME is `home`, which is prepared."""
    logs = home / "logs"
    if not logs.exists():
        write_public(logs, _NO_LOGS)
    return {
        "GOGC": _GARBAGE_PERCENT,
        # Only keeps it from complaining, in each run, that a provider is older than its Python
        # package, as one that had to be built is: the end of a rehearsal says so.
        "PULUMI_DEV": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_HOME": str(home),
        "PULUMI_PARALLEL": _STEPS_AT_ONCE,
        # The state is written at the end, not after each step: after a killed engine a rehearsal
        # starts from nothing anyway.
        "PULUMI_SKIP_CHECKPOINTS": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
