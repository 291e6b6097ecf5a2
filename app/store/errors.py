"""What can go wrong in the store.

    StoreError
      NoEmbeddedServer     the wheel with PostgreSQL is not there, or the server would not start: words say what to do
      DatabaseUnusable     a server was named and cannot be used: wrong version, rights, schema newer than this Parley
      DatabaseAway         nobody answers at the database's address
      UnknownRun           no run has this id (for this tenant)

`LeaseLost` and `StoreUnavailable`, which reach a run, are `graphs.run.errors`' own.
"""

from __future__ import annotations


class StoreError(Exception):
    """Something in the store could not be done. The text is for a person: what, where, why, what next."""


class NoEmbeddedServer(StoreError):
    """There is no embedded PostgreSQL to use."""


class DatabaseUnusable(StoreError):
    """The database answers, and cannot be used as it is."""


class DatabaseAway(StoreError):
    """The database does not answer."""


class UnknownRun(StoreError):
    """No run has this id."""
