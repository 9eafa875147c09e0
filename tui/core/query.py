"""Run a text on a connection and tell what comes back, as events, while it comes.

psycopg's cursors either hold a whole result or hide command tags and the columns of empty results
(`Cursor.stream`), so this speaks to libpq through psycopg's own low-level objects: the simple protocol in chunked
rows mode (libpq 17; single rows before). The first rows are told as soon as the server sends them, memory holds one
page, and a reader that pauses lets TCP pause the server. Values are the server's own texts.
"""

from collections.abc import Generator, Iterable, Iterator
from typing import Final

import psycopg
from psycopg import capabilities, generators, pq, waiting
from psycopg.abc import PQGen
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.types.string import TextLoader

from tui.core.errors import CANCELLED, ConnectionLost, ServerMessage, StatementCancelled, StatementFailed
from tui.core.events import Column, Columns, Completed, CopyData, Event, Rows

_COPY_BYTES: Final = 65536
_CHUNK_ROWS: Final = 200


def run(
    connection: psycopg.Connection,
    text: str,
    copy_in: Iterable[bytes | memoryview] | None = None,
    chunk_rows: int = 0,
) -> Generator[Event, None, None]:
    """Send `text` and tell what comes back. A reader that stops early closes the generator: the rest is cancelled.

    Where the server asks for data (COPY ... FROM STDIN), it gets `copy_in`. At most `chunk_rows` rows are in memory at
    once (0: as many as is usual).

    Raises:
        StatementFailed: the server refused a statement of the text.
        ConnectionLost: the connection broke.
    """
    pgconn = connection.pgconn
    try:
        pgconn.send_query(text.encode())
        if chunk_rows != 1 and capabilities.has_stream_chunked():
            pgconn.set_chunked_rows_mode(chunk_rows or _CHUNK_ROWS)
        else:
            pgconn.set_single_row_mode()
        connection.wait(generators.send(pgconn))
        yield from _Answers(connection, copy_in or ()).events()
    except psycopg.OperationalError as error:
        if pgconn.status == pq.ConnStatus.OK and pgconn.transaction_status != pq.TransactionStatus.UNKNOWN:
            raise
        raise ConnectionLost(str(error).strip()) from None
    finally:
        if pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
            _abandon(connection)


class _Answers:
    """The answers to one sent text."""

    def __init__(self, connection: psycopg.Connection, copy_in: Iterable[bytes | memoryview]) -> None:
        self._connection = connection
        self._copy_in = copy_in
        self._transformer = Transformer(_AsText(connection))
        self._rows_told = -1
        self._last_tag = ""

    def events(self) -> Iterator[Event]:
        """Every event, until the server is ready for the next text; a refusal is raised then."""
        refused: StatementFailed | None = None
        while result := self._next():
            status = result.status
            if status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE):
                refused = refused or self._refusal(result)
            elif status in (pq.ExecStatus.TUPLES_CHUNK, pq.ExecStatus.SINGLE_TUPLE, pq.ExecStatus.TUPLES_OK):
                yield from self._tuples(result)
            elif status == pq.ExecStatus.COPY_OUT:
                yield from self._copy_out()
            elif status == pq.ExecStatus.COPY_IN:
                self._feed()
            elif status == pq.ExecStatus.COMMAND_OK:
                yield Completed(_tag(result), result.command_tuples if result.command_tuples is not None else -1)
        if refused:
            raise refused

    def _next(self) -> pq.abc.PGresult | None:
        result: pq.abc.PGresult | None = self._connection.wait(generators.fetch(self._connection.pgconn))
        return result

    def _refusal(self, result: pq.abc.PGresult) -> StatementFailed:
        if self._connection.pgconn.status == pq.ConnStatus.BAD:
            raise ConnectionLost(result.get_error_message().strip())
        return _failure(result)

    def _tuples(self, result: pq.abc.PGresult) -> Iterator[Event]:
        if self._rows_told < 0:
            self._transformer.set_pgresult(result)
            self._rows_told = 0
            yield Columns(_columns(result))
        if result.ntuples:
            self._transformer.set_pgresult(result, set_loaders=False)
            self._rows_told += result.ntuples
            yield Rows(self._transformer.load_rows(0, result.ntuples, tuple))
        # libpq writes the tag on the last chunk with rows, and on the closing result only where that chunk was full.
        self._last_tag = _tag(result) or self._last_tag
        if result.status == pq.ExecStatus.TUPLES_OK:
            yield Completed(self._last_tag, self._rows_told)
            self._rows_told, self._last_tag = -1, ""

    def _copy_out(self) -> Iterator[Event]:
        more = True
        while more:
            data, more = self._connection.wait(_copied_out(self._connection.pgconn))
            if data:
                yield CopyData(data)

    def _feed(self) -> None:
        """Send the data; libpq then goes on with the statement's own result."""
        pgconn = self._connection.pgconn
        for block in self._copy_in:
            for start in range(0, len(block), _COPY_BYTES):
                self._connection.wait(generators.copy_to(pgconn, block[start : start + _COPY_BYTES], flush=True))
        self._connection.wait(_copied_in(pgconn))


class _AsText:
    """A psycopg context in which every type is loaded as its text."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.adapters = AdaptersMap()
        self.adapters.register_loader(0, TextLoader)


def _copied_out(pgconn: pq.abc.PGconn) -> PQGen[tuple[bytes, bool]]:
    """What the server has sent of a COPY, up to some kilobytes at a time, and whether there may be more."""
    gathered = bytearray()
    while len(gathered) < _COPY_BYTES:
        length, data = pgconn.get_copy_data(1)
        if length < 0:
            return bytes(gathered), False
        if length:
            gathered += data
        elif gathered:
            break
        else:
            yield waiting.WAIT_R
            pgconn.consume_input()
    return bytes(gathered), True


def _copied_in(pgconn: pq.abc.PGconn) -> PQGen[None]:
    pgconn.put_copy_end(None)
    yield from generators.send(pgconn)


def _abandon(connection: psycopg.Connection) -> None:
    """Cancel what still runs, and read the connection empty, so that the next text finds it ready."""
    try:
        connection.cancel_safe(timeout=5)
        while result := connection.wait(generators.fetch(connection.pgconn)):
            if result.status == pq.ExecStatus.COPY_OUT:
                while connection.wait(_copied_out(connection.pgconn))[1]:
                    pass
            elif result.status == pq.ExecStatus.COPY_IN:
                connection.pgconn.put_copy_end(b"the client stopped")
    except psycopg.Error:
        # A cancelled COPY ends with its error; anything else leaves the connection unusable, which the next use sees.
        if connection.pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
            connection.close()


def _columns(result: pq.abc.PGresult) -> tuple[Column, ...]:
    return tuple(
        Column(
            (result.fname(index) or b"").decode(errors="replace"),
            result.ftype(index),
            result.ftable(index),
            result.ftablecol(index),
        )
        for index in range(result.nfields)
    )


def _tag(result: pq.abc.PGresult) -> str:
    return (result.command_status or b"").decode(errors="replace")


def _failure(result: pq.abc.PGresult) -> StatementFailed:
    return failure(psycopg.errors.error_from_result(result, "utf-8"))


def failure(error: psycopg.Error) -> StatementFailed:
    """The server's refusal, as psycopg raised it, as ours."""
    diag = error.diag
    said = ServerMessage(
        severity=diag.severity or "ERROR",
        sqlstate=diag.sqlstate or "",
        message=diag.message_primary or str(error).strip(),
        detail=diag.message_detail or "",
        hint=diag.message_hint or "",
        context=diag.context or "",
        position=int(diag.statement_position or 0),
        about=tuple((label, value) for label, value in _about(diag) if value),
    )
    return (StatementCancelled if said.sqlstate == CANCELLED else StatementFailed)(said)


def _about(diag: psycopg.errors.Diagnostic) -> Iterator[tuple[str, str | None]]:
    yield "SCHEMA NAME", diag.schema_name
    yield "TABLE NAME", diag.table_name
    yield "COLUMN NAME", diag.column_name
    yield "DATATYPE NAME", diag.datatype_name
    yield "CONSTRAINT NAME", diag.constraint_name
    if diag.source_file:
        yield "LOCATION", f"{diag.source_function}, {diag.source_file}:{diag.source_line}"


def describe(connection: psycopg.Connection, text: str) -> list[tuple[str, int, int]]:
    """The columns that a statement would give, with type and modifier; it is not run.

    Raises:
        StatementFailed: the server refuses it.
        ConnectionLost: the connection broke.
    """
    pgconn = connection.pgconn
    try:
        pgconn.send_prepare(b"", text.encode())
        _refused(connection.wait(generators.execute(pgconn)))
        pgconn.send_describe_prepared(b"")
        result = _refused(connection.wait(generators.execute(pgconn)))
    except psycopg.OperationalError as error:
        raise ConnectionLost(str(error).strip()) from None
    names = [column.name for column in _columns(result)]
    return [(name, result.ftype(index), result.fmod(index)) for index, name in enumerate(names)]


def _refused(results: list[pq.abc.PGresult]) -> pq.abc.PGresult:
    for result in results:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise _failure(result)
    return results[-1]
