"""Run by Alembic: migrates over the connection it is handed, inside that connection's transaction."""

from alembic import context

from refsys.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
