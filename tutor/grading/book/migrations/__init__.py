"""The schema of the gradebook, as Alembic's migrations. One that was released is never changed."""
