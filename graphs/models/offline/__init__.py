"""The offline author: a chat model made of a grammar. See README.md."""

from graphs.models.offline.author import OfflineAuthor

__all__ = ["OfflineAuthor"]
