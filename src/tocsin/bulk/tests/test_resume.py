"""An interrupted scan goes on where it was, gives the same bytes, and never continues or overwrites what is not its
own."""

import fcntl
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tocsin.bulk.request import Limits, ScanError
from tocsin.bulk.tests import fake
from tocsin.bulk.tests.helpers import MESSAGES, SMALL, scan, write_bytes, write_csv, write_jsonl

ROWS = [{"id": str(number), "text": f"第{number}条 刷单 13800000000" * (number % 7 + 1)} for number in range(60)]
OUTPUTS = ["out.jsonl", "out.jsonl.gz", "out.parquet"]


class InterruptedRunError(Exception):
    """Stands for the end of the process."""


def failing_after(batches: int) -> fake.Load:
    """An assessor that fails in the batch after so many."""

    class Failing(fake.FakeAssessor):
        done = 0

        def assess_batch(self, texts: "pa.Array[Any]", *, threshold: float | None = None) -> pa.Table:
            Failing.done += 1
            if Failing.done > batches:
                raise InterruptedRunError
            return super().assess_batch(texts, threshold=threshold)

    return Failing


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Path, Path]:
    """Two inputs with good rows, bad rows and damage."""
    first = write_jsonl(tmp_path / "one.jsonl.gz", ROWS[:25])
    first.write_bytes(first.read_bytes()[:-3])
    second = write_csv(tmp_path / "two.csv", ROWS[25:])
    write_bytes(second, second.read_bytes() + b"lonely\n")
    return first, second


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_scan_interrupted_after_any_batch_ends_with_the_same_bytes(
    name: str, sources: tuple[Path, Path], tmp_path: Path
) -> None:
    whole = scan(*sources, output=tmp_path / f"whole-{name}")
    output = tmp_path / name
    for batches in range(0, 15, 3):
        with pytest.raises(InterruptedRunError):
            scan(*sources, output=output, assessor=failing_after(3))
        assert not output.exists()
        assert json.loads((tmp_path / f"{name}.resume").read_text())["progress"]["position"]["rows"] == 3 * (
            batches + 3
        )
    done = scan(*sources, output=output)
    assert output.read_bytes() == whole.output.read_bytes()
    assert (done.status, done.told[-1].split(";")[0]) == (1, whole.told[-1].split(";")[0])
    assert sorted(path.name for path in tmp_path.glob(f"{name}*")) == [name]


def test_bytes_after_the_last_safe_point_are_cut_off(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", ROWS)
    whole = scan(source, output=tmp_path / "whole.jsonl")
    with pytest.raises(InterruptedRunError):
        scan(source, output=tmp_path / "out.jsonl", assessor=failing_after(4))
    with (tmp_path / "out.jsonl.part").open("ab") as part:
        part.write(b'{"id": "half a ro')
    assert scan(source, output=tmp_path / "out.jsonl").output.read_bytes() == whole.output.read_bytes()


def interrupt(tmp_path: Path) -> Path:
    """An input of which three batches are done."""
    source = write_jsonl(tmp_path / "in.jsonl", ROWS)
    with pytest.raises(InterruptedRunError):
        scan(source, output=tmp_path / "out.jsonl", assessor=failing_after(3))
    return source


def test_it_refuses_to_continue_another_request_and_says_what_differs(tmp_path: Path) -> None:
    source = interrupt(tmp_path)
    other = write_csv(tmp_path / "other.csv")
    output = tmp_path / "out.jsonl"
    part = (tmp_path / "out.jsonl.part").read_bytes()
    cases: list[tuple[tuple[Path, ...], dict[str, Any], str]] = [
        ((other,), {}, "other inputs"),
        ((source, other), {}, "other inputs"),
        ((source,), {"assessor": fake.load_other}, "rules was fake-rules, is other-rules"),
        ((source,), {"keep": "flagged"}, "keep was all, is flagged"),
        ((source,), {"threshold": 0.7}, "threshold was None, is 0.7"),
        ((source,), {"language": "en"}, "language was zh, is en"),
        ((source,), {"id_column": "no"}, "id_column was id, is no"),
        ((source,), {"limits": Limits(commit_seconds=0)}, "limits was"),
    ]
    for inputs, options, reason in cases:
        with pytest.raises(ScanError, match=f"belongs to another scan .{reason}") as caught:
            scan(*inputs, output=output, **options)
        assert caught.value.status == 2
        assert (tmp_path / "out.jsonl.part").read_bytes() == part
    source.write_bytes(source.read_bytes() + b'{"text": "more"}\n')
    with pytest.raises(ScanError, match=r"in\.jsonl has changed"):
        scan(source, output=output)
    assert len(scan(source, output=output, restart=True).rows) == len(ROWS) + 1


def test_the_number_of_workers_may_change_on_the_way(tmp_path: Path) -> None:
    source = interrupt(tmp_path)
    whole = scan(source, output=tmp_path / "whole.jsonl")
    done = scan(source, output=tmp_path / "out.jsonl", workers=2)
    assert done.told[0] == "tocsin scan: continues after 9 rows"
    assert done.output.read_bytes() == whole.output.read_bytes()


def test_a_finished_output_is_left_alone_without_restart(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl")
    output = write_bytes(tmp_path / "out.jsonl", b"precious\n")
    with pytest.raises(ScanError, match="exists already; --restart scans again"):
        scan(source, output=output)
    assert output.read_bytes() == b"precious\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]
    with pytest.raises(InterruptedRunError):
        scan(source, output=output, restart=True, assessor=failing_after(1))
    assert output.read_bytes() == b"precious\n"
    assert len(scan(source, output=output).rows) == len(MESSAGES)


def test_a_part_file_of_unknown_origin_is_left_alone(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl")
    part = write_bytes(tmp_path / "out.jsonl.part", b"precious")
    with pytest.raises(ScanError, match="without its journal"):
        scan(source, output=tmp_path / "out.jsonl")
    assert part.read_bytes() == b"precious"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"request": {}}', '{"request": {}, "progress": {"position": 1}}'])
def test_a_journal_that_cannot_be_read_is_refused(text: str, tmp_path: Path) -> None:
    source = interrupt(tmp_path)
    (tmp_path / "out.jsonl.resume").write_text(text)
    with pytest.raises(ScanError, match="is not a journal that can be read; --restart"):
        scan(source, output=tmp_path / "out.jsonl")


def test_a_part_file_shorter_than_its_journal_is_refused(tmp_path: Path) -> None:
    source = interrupt(tmp_path)
    write_bytes(tmp_path / "out.jsonl.part", b"")
    with pytest.raises(ScanError, match="is shorter than its journal says"):
        scan(source, output=tmp_path / "out.jsonl")


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("moment", ["before the rename", "after the rename"])
def test_a_kill_around_the_last_rename_is_made_good(
    name: str, moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = write_jsonl(tmp_path / "in.jsonl", ROWS), tmp_path / name
    whole = scan(source, output=tmp_path / f"whole-{name}")
    replace = Path.replace

    def fail(path: Path, target: Path) -> Path:
        if target == output:
            if moment == "after the rename":
                replace(path, target)
            raise InterruptedRunError
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(InterruptedRunError):
            scan(source, output=output)
    assert output.exists() == (moment == "after the rename")
    scan(source, output=output, assessor=failing_after(0))
    assert output.read_bytes() == whole.output.read_bytes()
    assert sorted(path.name for path in tmp_path.glob(f"{name}*")) == [name]


def test_two_scans_cannot_write_the_same_output(tmp_path: Path) -> None:
    source = interrupt(tmp_path)
    with (tmp_path / "out.jsonl.part").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for restart in (False, True):
            with pytest.raises(ScanError, match="another scan is writing it"):
                scan(source, output=tmp_path / "out.jsonl", restart=restart)
    assert len(scan(source, output=tmp_path / "out.jsonl").rows) == len(ROWS)


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl")
    before = source.read_bytes()
    with pytest.raises(ScanError, match="is an input as well as the output"):
        scan(source, output=source, restart=True)
    assert source.read_bytes() == before


def test_a_missing_folder_or_another_suffix_of_the_output_is_refused(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl")
    with pytest.raises(ScanError, match="there is no such folder"):
        scan(source, output=tmp_path / "nowhere" / "out.jsonl")
    with pytest.raises(ScanError, match=r"must end in \.jsonl, \.jsonl\.gz, \.parquet"):
        scan(source, output=tmp_path / "out.csv")


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow over ``size`` bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("size", [10, 2_500, 9_000])
def test_a_full_disk_stops_in_one_line_and_goes_on_when_there_is_room(name: str, size: int, tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": f"{number:040} 刷单" * 20} for number in range(60)]
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    whole = scan(source, output=tmp_path / f"whole-{name}")
    with room_for(size), pytest.raises(ScanError, match=r"cannot be written \(File too large") as caught:
        scan(source, output=tmp_path / name)
    assert (caught.value.status, "\n" in str(caught.value)) == (3, False)
    assert {path.name for path in tmp_path.glob(f"{name}*")} <= {f"{name}.part", f"{name}.resume", f"{name}.merged"}
    scan(source, output=tmp_path / name)
    assert (tmp_path / name).read_bytes() == whole.output.read_bytes()


def test_a_pipe_cannot_be_continued(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").symlink_to("/dev/zero")
    first = write_jsonl(tmp_path / "first.jsonl", ROWS)
    limits = Limits(batch_rows=3, line_bytes=1000, endless_bytes=10**7, commit_seconds=0)
    with pytest.raises(InterruptedRunError):
        scan(tmp_path / "in.jsonl", first, output=tmp_path / "out.jsonl", assessor=failing_after(3), limits=limits)
    with pytest.raises(ScanError, match="a pipe cannot be read again from its start"):
        scan(tmp_path / "in.jsonl", first, output=tmp_path / "out.jsonl", limits=limits)
    assert SMALL.batch_rows == limits.batch_rows
