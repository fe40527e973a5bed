"""Who may change or remove the folder of a rehearsal, by the commands themselves."""

import subprocess
from pathlib import Path

import pytest

from operations.errors import CommandError
from operations.rehearsed.folder import clear, exclusive
from tests.terminal import SERLO


def serlo(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*SERLO, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_a_second_rehearsal_in_a_folder_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "rehearsal"
    with exclusive(folder):
        (folder / "stack").write_text("local\n")
        before = sorted(folder.iterdir())
        second = serlo("rehearse", "--stack", "staging", "--folder", folder)
        assert second.returncode == 1
        assert f"another `serlo` works in {folder}" in second.stderr
        assert "--folder" in second.stderr
        purged = serlo("down", "--purge", "--folder", folder)
        assert purged.returncode == 1
        assert sorted(folder.iterdir()) == before
    with exclusive(folder):
        pass


def test_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    with exclusive(tmp_path / "rehearsal"):
        assert (tmp_path / "rehearsal").stat().st_mode & 0o777 == 0o700


def test_purge_removes_the_folder_of_a_rehearsal_and_no_other(tmp_path: Path) -> None:
    other = tmp_path / "documents"
    other.mkdir()
    (other / "thesis").write_text("years of work")
    refused = serlo("down", "--purge", "--folder", other)
    assert refused.returncode == 1
    assert f"{other} is no folder of a rehearsal" in refused.stderr
    assert (other / "thesis").read_text() == "years of work"

    folder = tmp_path / "rehearsal"
    with exclusive(folder):
        (folder / "state").mkdir()
        (folder / "link").symlink_to(other)
    for _ in range(2):  # what is not there any more is removed
        assert serlo("down", "--purge", "--folder", folder).returncode == 0
    assert not folder.exists()
    assert (other / "thesis").exists()


def test_clearing_keeps_the_lock_and_follows_no_link(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").touch()
    folder = tmp_path / "rehearsal"
    with exclusive(folder):
        (folder / "state").mkdir()
        (folder / "link").symlink_to(other)
        clear(folder)
        with pytest.raises(CommandError, match="works in"), exclusive(folder):
            pass
        assert [entry.name for entry in folder.iterdir()] == ["rehearse.lock"]
    assert (other / "file").exists()
