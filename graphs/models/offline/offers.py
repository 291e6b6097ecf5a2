"""When not all of a wish is understood: why, and the wish that would be — without that part, or with a word spelled right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable

from graphs.models.offline import triggers
from graphs.models.offline.changes import looks_like
from graphs.models.offline.text import FORMS, VERBS, protect

MOST_WORDS = 40  # of a wish that is only vague
CONDITIONAL = re.compile(
    r"(?:but |and |or )?(?:if|when|unless|only|except|but|not|no|never|before|after|until|till|otherwise|else|without|while|as long|provided|instead|sorry|wait|actually)\b",  # noqa: E501
    re.IGNORECASE,
)
GLUE_BEFORE = r"(?:\s*[,;]?\s*(?:and|but|then|also|finally|afterwards)?(?:\s+then|\s+also)?\s*)"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FOREIGN = _words(
    "der die das und oder nicht ein eine einen mit von zu den dem wenn dann jeden jede jeder tag uhr bitte ich mir mich für auf ist sind "
    "alle schicke hole sende um über kommt le la les des une et ou ne pas avec pour chaque jour envoie envoyer récupère à si je moi tous "
    "du au puis el los las y con para cada día envía enviar yo mi todos luego por il lo gli ogni giorno invia e per se tutti poi "
    "het een en niet met voor elke dag stuur als ik mij haal naar"
)
ENGLISH = _words(
    "the and or if then every each day at to from with for me them it post get fetch send keep notify ask when is are of a an in on by not "
    "above below ones all this that please"
)
COMMON = _words(
    "weekday weekdays daily hour hourly minute minutes month monday tuesday wednesday thursday friday saturday sunday morning evening "
    "orders over under where status approve approval otherwise email chat parallel times seconds hours total amount"
)
CARE = re.compile(r"approv|confirm|permission|sign.?off|review|agree|retr(?:y|ies)", re.IGNORECASE)  # leaving these out takes a guard away
TIME = re.compile(
    rf"\b(?:at|around|@) (?P<time>\d{{1,2}}(?:[:.]\d{{2}})?)(?: ?(?:am|pm|o'clock))?(?:[,.\s]+(?P<zone>{triggers.ZONE}))?", re.IGNORECASE
)


def foreign(wish: str) -> bool:
    """Say whether a wish is written in another language than English."""
    words = re.findall(r"[^\W\d_]+", re.sub(r"\S+[/@]\S+", " ", wish).lower())
    english, other = sum(word in ENGLISH for word in words), sum(word in FOREIGN for word in words)
    strange = sum(not re.fullmatch(r"[a-zà-ÿß]+", word) for word in words)  # letters of no Latin alphabet
    return (other > english and other >= 2) or strange * 2 > len(words) > 0


def reasons(unknown: list[str]) -> list[str]:
    """Return what is wrong with times in words that were not understood."""
    found: list[str] = []
    for words in unknown:
        for time in TIME.finditer(words):
            if triggers.clock(time["time"]) is None:
                found.append(f"{time['time']} is no time of day: it goes from 00:00 to 23:59.")
            elif time["zone"] and triggers.zone(time["zone"]) is None:
                found.append(f"“{time['zone']}” is no time zone that I know: name it like Europe/Berlin.")
    return list(dict.fromkeys(found))


OFTEN = re.compile(r"\b(?:regularly|often|frequently|periodically|from time to time|now and then|soon|occasionally)\b", re.IGNORECASE)


def questions(wish: str, unknown: list[str], *, steps: bool) -> list[str]:
    """Return what a wish leaves open that is too vague to be read: it is asked with the refusal, and answered by saying it again."""
    asked = [f"How often, or at what time, is “{found[0]}”?" for words in unknown if (found := OFTEN.search(words))]
    if steps or not unknown or len(wish.split()) > MOST_WORDS:
        return asked
    if looks_like(wish):
        return [*asked, "Which workflow shall be changed? There is none in this conversation yet."]
    return [*asked, "What shall happen, step by step, with which addresses, and what starts it?"]


def without(wish: str, unknown: list[str]) -> str:
    """Return the wish without the words that were not understood, "" where leaving them out would change the rest."""
    text = re.sub(r"[ \t]+", " ", wish).strip()
    if sum(len(words.split()) for words in unknown) * 2 > len(text.split()):
        return ""
    for words in unknown:
        if CONDITIONAL.match(words) or CARE.search(words) or "://" in words or text.count(words) != 1:
            return ""
        at = text.index(words)
        before, after = re.sub(rf"{GLUE_BEFORE}$", "", text[:at], flags=re.IGNORECASE), text[at + len(words) :]
        if not before or before[-1] in ".!?\n":
            after = re.sub(rf"^{GLUE_BEFORE}", "", after, flags=re.IGNORECASE)
            after = after[:1].upper() + after[1:]
        after = after.lstrip()
        text = f"{before} {after}" if after[:1] not in (",", ".", ";", "!", "?", "") else before + after
    return text.strip()


def respelled(wish: str, stands: Callable[[str], bool]) -> str:
    """Return the wish with up to two misspelt words put right, "" when that does not make it understood."""
    known = {*VERBS, *FORMS, *COMMON, *ENGLISH}
    source, changed = protect(wish), 0

    def right(found: re.Match[str]) -> str:
        nonlocal changed
        word = found[0]
        near = [] if word.lower() in known else difflib.get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.78)
        changed += bool(near)
        return (near[0].capitalize() if word[0].isupper() else near[0]) if near else word

    text = source.open(re.sub(r"(?<![\w\ue000])[A-Za-z]{4,}(?![\w\ue001])", right, source.text))
    return text if 0 < changed <= 2 and stands(text) else ""
