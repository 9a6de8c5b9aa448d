"""The database's schema, step by step, and how a database is brought to the newest one when it is opened."""

import threading
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from refsys.model.errors import StorageError

HEAD = "0002"
"""The newest revision; a database that has it is opened without loading Alembic."""

_one_at_a_time = threading.Lock()  # Alembic keeps its present context in module globals


def migrate(connection: Connection) -> None:
    """Bring the schema to `HEAD` inside the transaction of `connection`, which must exclude other writers.

    Raises
    ------
    StorageError
        The database has a revision this release does not know.
    """
    version = present_revision(connection)
    if version == HEAD:
        return
    with _one_at_a_time:
        _upgrade(connection, version)


def present_revision(connection: Connection) -> str | None:
    """Return the revision a database has, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _upgrade(connection: Connection, version: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - loaded only where a schema changes: it takes 0.2 s
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise StorageError(
            f"the database has schema {version}, this release of refsys knows up to {HEAD}",
            where=connection.engine.url.render_as_string(hide_password=True),
            hint="use the newer release that wrote it",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
