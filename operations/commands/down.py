"""`serlo down`: stop every server of the rehearsal."""

from pathlib import Path

from operations.errors import reports_errors
from operations.rehearsed import folder as rehearsal_folder
from rehearsal.supervisor import stop


@reports_errors
def down(*, folder: Path = Path(".rehearsal"), purge: bool = False) -> None:
    """Stop all servers of the rehearsal; nothing keeps running.

    Parameters
    ----------
    folder
        The rehearsal's state folder.
    purge
        Remove the folder as well: the next rehearsal starts from nothing.
    """
    if purge:
        rehearsal_folder.purge(folder.resolve())
    else:
        stop(folder.resolve())
