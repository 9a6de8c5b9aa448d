"""The migrations make the tables that the code declares, and only forward."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.schema import SchemaItem

from refsys.model.errors import StorageError
from refsys.storage import migrations
from refsys.storage.database import open_database
from refsys.storage.migrations import HEAD, migrate, present_revision
from refsys.storage.tables import metadata


def is_declared(item: SchemaItem, name: str | None, kind: str, reflected: bool, other: SchemaItem | None) -> bool:
    return not (kind == "table" and str(name).startswith(("footprint_box", "alembic_version")))


def test_migrated_tables_are_the_declared_ones(empty_database_url: str) -> None:
    database = open_database(empty_database_url)
    with database.read() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": is_declared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        assert inspect(connection).has_table("footprint_box")
    database.close()


def test_head_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_second_opening_changes_nothing(database_url: str) -> None:
    database = open_database(database_url)
    with database.write() as connection:
        before = sorted(inspect(connection).get_table_names())
        assert present_revision(connection) == HEAD
        migrate(connection)
        assert sorted(inspect(connection).get_table_names()) == before
    database.close()


def test_a_database_of_a_newer_release_is_refused(database_url: str) -> None:
    database = open_database(database_url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(StorageError, match="schema 9999"):
        open_database(database_url)


def test_a_migration_that_fails_leaves_nothing(empty_database_url: str) -> None:
    database = open_database(empty_database_url)
    with database.write() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text("DROP TABLE plan_step"))
    database.close()
    with pytest.raises(StorageError):  # `product` exists already; nothing of the second try may stay
        open_database(empty_database_url)
    with database.read() as connection:
        assert not inspect(connection).has_table("alembic_version")
        assert not inspect(connection).has_table("plan_step")
    database.close()
