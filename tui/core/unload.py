"""The whole result of a query straight into a file, never held: by COPY, as a stream, or (Parquet, Arrow) by ADBC."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from psycopg.conninfo import make_conninfo

from tui.core.errors import ExportFailed, ExportNotInstalled
from tui.core.events import Columns, CopyData, Row, Rows
from tui.core.progress import Progress
from tui.core.saving import FileForm, form_of, text_file, whole_file, write_rows
from tui.core.session import DatabaseSession, Login

_EVERY: Final = 1_000_000


def unload(session: DatabaseSession, statement: str, path: Path, progress: Progress) -> None:
    """Run a query on the session and write what it gives, as text.

    Raises:
        StatementFailed: the server refuses it; no file is left.
        ExportFailed: the file cannot be written, or the statement gives no rows.
        WorkStopped: through `progress`.
    """
    form = form_of(path)
    # Redshift copies to its own storage alone.
    if form is FileForm.CSV and not session.redshift:
        _copy(session, statement, path, progress)
    else:
        _stream(session, statement, path, form, progress)


def _copy(session: DatabaseSession, statement: str, path: Path, progress: Progress) -> None:
    size = 0
    prefix = "COPY ("
    # A comment at the statement's end must not hide the parenthesis.
    text = f"{prefix}{statement}\n) TO STDOUT (FORMAT csv, HEADER)"
    with whole_file(path) as out, closing(session.execute(text)) as events:
        for event in events:
            if isinstance(event, CopyData):
                out.write(event.data)
                size += len(event.data)
                progress.told(size)


def _stream(session: DatabaseSession, statement: str, path: Path, form: FileForm, progress: Progress) -> None:
    with closing(session.execute(statement)) as events:
        begun = next((event for event in events if isinstance(event, Columns)), None)
        if begun is None:
            raise ExportFailed("The statement gave no rows.", remedy="Export a query.")

        def rows() -> Iterator[list[Row]]:
            count = 0
            for event in events:
                if isinstance(event, Rows):
                    count += len(event.rows)
                    progress.told(count)
                    yield event.rows

        with whole_file(path) as out, text_file(out) as text:
            write_rows(text, form, begun.columns, rows())


def unload_arrow(login: Login, statement: str, path: Path, progress: Progress) -> int:
    """Run a query on a connection of its own and write what it gives as Parquet or Arrow; tells how many rows.

    It sees nothing of the session: no open transaction, no temporary table, no setting.

    Raises:
        ExportNotInstalled: the drivers are not here.
        ExportFailed: the server refuses, or the file cannot be written.
        WorkStopped: through `progress`.
    """
    form = form_of(path)
    try:
        from adbc_driver_manager import Error as DriverError
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise ExportNotInstalled("A whole query in this form needs adbc-driver-postgresql.") from None
    from tui.core.arrow import open_writer

    password = {} if login.password is None else {"password": login.password.reveal()}
    try:
        with (
            dbapi.connect(make_conninfo(**login.parameters, **password)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SET default_transaction_read_only = on")
            cursor.execute(statement)
            reader = cursor.fetch_record_batch()
            count = 0
            with whole_file(path) as out, open_writer(out, form, reader.schema) as writer:
                for batch in reader:
                    writer.write_batch(batch)
                    count += batch.num_rows
                    progress.told(count)
            return count
    except DriverError as error:
        raise ExportFailed(_first_line(error), remedy="") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
