"""Files: what is written reads back, and nothing half-written stays."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest
from pyarrow import parquet

from tui.core.errors import ExportFailed, WorkStopped
from tui.core.events import Column
from tui.core.feed import ResultFeed
from tui.core.progress import Progress
from tui.core.saving import save

TYPED = [
    (16, ["t", None, "f"], [True, None, False]),
    (20, ["-9223372036854775808", None], [-(2**63), None]),
    (21, ["-32768"], [-32768]),
    (701, ["1.5", "Infinity", None], [1.5, float("inf"), None]),
    (1700, ["1.50", None, "-1234567890123456789012345678901234567890.1"],
     [Decimal("1.50"), None, Decimal("-1234567890123456789012345678901234567890.1")]),
    (1700, ["1", "NaN"], ["1", "NaN"]),
    (1700, ["0." + "1" * 90], ["0." + "1" * 90]),
    (1082, ["2024-02-29", None], [date(2024, 2, 29), None]),
    (1082, ["2024-02-29", "infinity", "0044-03-15 BC"], ["2024-02-29", "infinity", "0044-03-15 BC"]),
    (1083, ["12:30:00.5"], [time(12, 30, 0, 500000)]),
    (1083, ["24:00:00"], ["24:00:00"]),
    (1114, ["2024-02-29 12:00:00.000001"], [datetime(2024, 2, 29, 12, 0, 0, 1)]),
    (1184, ["2024-02-29 12:00:00+05:30", "2024-01-01 00:00:00.5+00"],
     [datetime(2024, 2, 29, 6, 30, tzinfo=UTC), datetime(2024, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)]),
    (17, ["\\x00ff", None, "\\x"], [b"\x00\xff", None, b""]),
    (1007, ["{1,NULL,3}", None, "{}"], [[1, None, 3], None, []]),
    (1009, ['{a,"b,c"}'], [["a", "b,c"]]),
    (1007, ["{{1,2},{3,4}}"], ["{{1,2},{3,4}}"]),
    (25, ["é", "", None], ["é", "", None]),
    (3802, ['{"a": 1}'], ['{"a": 1}']),
    (1186, ["1 day"], ["1 day"]),
]  # fmt: skip


def feed(rows, columns):
    made = ResultFeed(tuple(columns))
    made.add(rows)
    return made


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
@pytest.mark.parametrize(("oid", "texts", "values"), TYPED)
def test_every_type_reads_back_from_arrow(tmp_path, oid, texts, values, ending):
    path = tmp_path / f"result{ending}"
    assert save(feed([(text,) for text in texts], [Column("v", oid)]), path) == len(texts)
    table = parquet.read_table(path) if ending == ".parquet" else pa.ipc.open_file(path).read_all()
    assert table.column("v").to_pylist() == values


def test_text_forms_read_back(tmp_path):
    source = feed(
        [("1", "a\nb", '{"x":\n 1}'), ("2", None, None)], [Column("n", 23), Column("n", 25), Column("j", 114)]
    )
    save(source, tmp_path / "r.jsonl")
    lines = (tmp_path / "r.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"n": 1, "n_2": "a\nb", "j": {"x": 1}},
        {"n": 2, "n_2": None, "j": None},
    ]
    save(source, tmp_path / "r.json")
    assert len(json.loads((tmp_path / "r.json").read_text())) == 2
    save(source, tmp_path / "r.csv")
    assert (tmp_path / "r.csv").read_text().startswith('n,n,j\n1,"a\nb",')
    save(source, tmp_path / "R.MD")
    assert (tmp_path / "R.MD").read_text().count("\n") == 5


@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl", ".parquet", ".arrow"])
def test_no_rows(tmp_path, ending):
    assert save(feed([], [Column("v", 23)]), tmp_path / f"r{ending}") == 0
    assert (tmp_path / f"r{ending}").exists()


@pytest.mark.parametrize("name", ["r.csv", "r.parquet"])
def test_what_is_stopped_leaves_what_was_there(tmp_path, name):
    (tmp_path / name).write_text("before")
    progress = Progress()
    progress.stop()
    with pytest.raises(WorkStopped):
        save(feed([("1",)], [Column("v", 23)]), tmp_path / name, progress)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "before")]


def test_what_cannot_be_written_is_told(tmp_path):
    source = feed([("1",)], [Column("v", 23)])
    for path in (tmp_path / "r.xlsx", tmp_path / "nowhere" / "r.csv"):
        with pytest.raises(ExportFailed):
            save(source, path)


def test_without_the_extra_csv_works_and_parquet_says_what_is_missing(tmp_path):
    script = """
import sys
sys.modules["pyarrow"] = None
from pathlib import Path
from tui.core.errors import ExportNotInstalled
from tui.core.events import Column
from tui.core.feed import ResultFeed
from tui.core.saving import save
feed = ResultFeed((Column("v", 23),))
save(feed, Path(sys.argv[1]) / "r.csv")
try:
    save(feed, Path(sys.argv[1]) / "r.parquet")
except ExportNotInstalled as error:
    print(error.code, "[export]" in error.remedy)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.stdout == "result-export-not-installed True\n", done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]
