"""Logs stay readable files of a bounded size."""

from pathlib import Path

from rehearsal.supervisor.supervise import KEPT_LOG_BYTES, LONGEST_LOG_BYTES, bound_log


def test_the_end_of_a_long_log_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    with log.open("ab") as writer:
        writer.write(b"old\n" * (LONGEST_LOG_BYTES // 4) + b"last words\n")
        writer.flush()
        bound_log(log)
        writer.write(b"new\n")
    kept = (tmp_path / "etcd.log.1").read_bytes()
    assert len(kept) == KEPT_LOG_BYTES
    assert kept.endswith(b"last words\n")
    assert log.read_bytes() == b"new\n"


def test_a_short_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    bound_log(log)
    log.write_text("short\n")
    bound_log(log)
    assert log.read_text() == "short\n"
