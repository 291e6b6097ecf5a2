"""The words of a text, the same for what is kept and for what is asked, in any language.

PostgreSQL's own configurations know one language each; here a word is a run of letters and digits, without case and accents. Writing
without spaces between words (Chinese, Japanese, Thai …) is cut into pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST = 64
# Words that say least, of English, German, French, Spanish, Italian, Portuguese and Dutch.
_LITTLE = """
a aan aber about after al all als also am an and any ao are as at au auch auf aus aux avec be before bei bij bis bitte but by can ce
cette che como con da dal dans das dass dat de del della dem den der des di die do does dos du e een ein eine einem einen einer el
elle em en er es est esta et for from fur get gli has hat have he her het his how i ich if ihr ik il ils im in into is ist it its ja
je la las le les leur lo los ma mais mas me mein met mi mich mir mit my na nach nas ne nicht niet no noch non nos not nous nur o oder
of om on op or os ou our par para pas per pero piu please por pour que qui sa se ses she should si sich sie sin sind so some son sono
su sur sus te than that the their them then there they this to uber um uma un una und une uns up us van vom von voor vor vous was wat
we wenn wer what when where which who wie will wir with would y you your zijn zu zum zur
"""
LITTLE = frozenset(_LITTLE.split())
_RUN = re.compile(r"[^\W_]+")
_ACCENT = re.compile("[\u0300-\u036f]")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


def words(text: str) -> list[str]:
    """Return the words of *text* in their order, repeated ones too: "Große Shops" → ["grosse", "shops"]."""
    return [word for run in _RUN.findall(plain(text)) for word in _cut(run[: LONGEST * 4])]


def telling(text: str) -> list[str]:
    """Return the words of a question that say something, each once; all of them when none does."""
    found = list(dict.fromkeys(words(text)))
    return [word for word in found if word not in LITTLE] or found


def plain(text: str) -> str:
    """Return *text* without case and accents."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFKD", folded)))


@lru_cache(maxsize=50_000)
def _cut(run: str) -> tuple[str, ...]:
    if run.isascii() or not _UNSPACED.search(run):
        return (run[:LONGEST],)
    found: list[str] = []
    at = 0
    for piece in _UNSPACED.finditer(run):
        if piece.start() > at:
            found.append(run[at : piece.start()][:LONGEST])
        signs = piece[0]
        found += [signs[i : i + 2] for i in range(len(signs) - 1)] or [signs]
        at = piece.end()
    if at < len(run):
        found.append(run[at:][:LONGEST])
    return tuple(found)
