"""`serlo down`: stop every server of the rehearsal."""

import shutil
from pathlib import Path

from operations.errors import reports_errors
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
    stop(folder.resolve())
    if purge:
        shutil.rmtree(folder, ignore_errors=True)
