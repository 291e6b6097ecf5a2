"""What leaves: requests, messages, summaries, events."""

from __future__ import annotations

import re

from graphs.models.offline.clause import NOUN_WORD, Clause, Pattern, number, row
from graphs.models.offline.filters import COUNT, WHICH
from graphs.models.offline.people import person
from graphs.models.offline.text import Protected

SEND = r"(?:post|send|put|push|submit|upload|forward|deliver|write|save|store|patch)"
SOME = rf"(?:only |just )?(?:the )?(?:{WHICH} {COUNT}|{COUNT} {WHICH}|{WHICH} one)(?: (?!to\b|by\b|in\b)[a-z][\w-]*)?(?: by [a-z_]\w*)?"
OBJECT = rf"(?P<what>it|them|what (?:he|she|they|i|you) (?:says?|answers?|enters?|fills? in)|both(?: of them| answers)?|{SOME}|this|that|these|those|everything|(?:each|every)(?: one| of them| [a-z]+)?|the rest|{{text}}|(?:the |all |all the |my |our |its |their |these |those |that |this |a |an )?(?!(?:me|us|event|message|reminder)\b){NOUN_WORD}(?: {NOUN_WORD}){{0,5}}?)"  # noqa: E501
CHANNEL = r"(?P<channel>e-?mail|mail|chat|slack|webhook|text message|sms|whatsapp|teams|telegram|phone|discord)"
BY = rf"(?: (?:by|via|through|over|per|using|on|in|with)(?: an?| the| our)? {CHANNEL}(?: message| channel)?(?: (?P<room>#[\w-]+))?)"
SAYING = r"(?:(?:,? (?:that|saying that|saying|:|with the (?:text|message|words)|with))? (?P<text>{text})|(?:,? (?:that|saying that|saying|with the (?:text|message|words))) (?P<prose>{prose})| with (?P<data>(?:the |all |all the |my |our )?{noun}|it|them)| (?:about|of|on) (?P<about>{noun}))"  # noqa: E501
TELL = r"(?:notify|tell|message|inform|alert|ping|remind|let(?= .*\bknow\b))"
KNOWN = {"mail": "email", "e-mail": "email", "email": "email", "chat": "chat", "slack": "slack", "webhook": "webhook"}
CHAT = ("the chat", "chat", "this chat", "the channel", "our chat", "my chat")
NOT_WHO = ("it", "them", "this", "that", "to", "the", "everything")
COUNTED = re.compile(r"(?:each|every)(?: one| of them| (?P<noun>[a-z]+))?", re.IGNORECASE)


def _send(found: re.Match[str], source: Protected) -> Clause | None:
    groups = found.groupdict()
    verb = (groups.get("method") or found[0].split()[0]).upper()
    method = verb if verb in ("PUT", "PATCH", "DELETE") else "POST"
    if groups.get("what") and re.search(r"\b(?:message|request|event|reminder|notification)$", groups["what"], re.IGNORECASE):
        return None  # whose words would be the body
    values = {"method": method, "url": source.url(groups["url"]) if groups.get("url") else "", **_object(groups.get("what"), source)}
    return Clause("send", source.open(found[0]), values | {"secret": groups.get("secret") or "", "place": groups.get("place") or ""})


def _object(what: str | None, source: Protected) -> dict[str, object]:
    """Say what is sent: literal text, "each" item, a named value, or what is at hand."""
    words = (what or "").strip()
    if words.startswith("\ue000s"):
        return {"literal": source.value(words)}
    counted = COUNTED.fullmatch(words)
    if counted:
        return {"each": counted["noun"] or "item"}
    return {"object": words.lower()}


def _notify(found: re.Match[str], source: Protected) -> Clause | None:
    groups = found.groupdict()
    who = (groups.get("who") or "").strip()
    if who.lower() in NOT_WHO:
        return None
    said, channel = source.open(found[0]), (groups.get("channel") or "").lower()
    if who.lower() in CHAT:
        if channel and KNOWN.get(channel) != "chat":
            return None
        who, channel = "", "chat"
    if channel and channel not in KNOWN:
        return Clause("missing", said, {"what": f"messages by {channel}"})
    values = {
        "who": person(who, source) if who else "",
        "channel": KNOWN.get(channel, ""),
        "room": groups.get("room") or (who if who.startswith("#") else ""),
        "url": source.url(groups["url"]) if groups.get("url") else "",
    }
    if groups.get("mail"):
        values |= {"channel": "email", "who": ", ".join(source.value(one) for one in groups["mail"].split(" & "))}
    text = groups.get("text") or groups.get("prose")
    values |= {
        "text": source.value(text).strip() if text else "",
        **_object(groups.get("what") or groups.get("data"), source),
        "about": groups.get("about") or "",
    }
    return Clause("notify", said, values)


def _summarize(found: re.Match[str], source: Protected) -> Clause:
    count = found.groupdict().get("count")
    return Clause(
        "summarize",
        source.open(found[0]),
        {"sentences": int(number(count)) if count else 3, **_object(found.groupdict().get("what"), source)},
    )


def _emit(found: re.Match[str], source: Protected) -> Clause:
    return Clause("emit", source.open(found[0]), {"type": source.value(found["type"]), **_object(found.groupdict().get("what"), source)})


WITH_KEY = r"(?:,? (?:using|with) (?:the )?(?:secret|token|key|api key) (?P<secret>[A-Z][A-Z0-9_]{2,}))?"
SUM = r"(?:summari[sz]e|condense|sum up|(?:give me|make|write|create|prepare|get|do|build) (?:a |the )?(?:short |brief )?summary of)"
TO_URL = r"(?:to|at|into|in|on|via|towards) (?:the )?(?:url |address |endpoint |api |webhook )?{url:url}"
TABLE: tuple[Pattern, ...] = (
    row(rf"(?P<method>delete) (?:{OBJECT} (?:at|from|on|in|under) )?(?:the )?(?:url |address )?{{url:url}}{WITH_KEY}", _send),
    row(
        rf"(?:send|make|do|issue|fire) (?:an? )?(?P<method>post|put|patch|delete)(?: request| call)? (?:to|at|on) {{url:url}}(?: with {OBJECT}(?: as (?:the )?body)?)?{WITH_KEY}",  # noqa: E501
        _send,
    ),
    row(rf"call {{url:url}} with (?:a )?(?P<method>post|put|patch|delete)(?: (?:and|with) {OBJECT})?{WITH_KEY}", _send),
    row(
        r"(?:call|trigger|notify|ping|hit|fire|tell) (?:the )?webhook (?:at )?{url:url}(?: (?:with|saying)(?: (?:the )?(?:text|message|words))? (?P<what>it|them|the [a-z]+|{text}))?",  # noqa: E501
        lambda f, s: Clause(
            "notify", s.open(f[0]), {"who": "", "channel": "webhook", "url": s.url(f["url"]), "text": "", **_object(f["what"], s)}
        ),
    ),
    row(
        rf"(?:send|post|put|write|give) {OBJECT} to (?:the |our |my )?slack(?: channel)?,? (?:(?:via|by|through|at|using|on|with) )?(?:the |our |its )?(?:incoming )?(?:webhook )?(?:at )?{{url:url}}",  # noqa: E501
        lambda f, s: _hook(f, s, "slack"),
    ),
    row(rf"(?:send|post|put|give) {OBJECT} to (?:the |our |my )webhook (?:at )?{{url:url}}", lambda f, s: _hook(f, s, "webhook")),
    row(
        rf"(?:send|write) (?P<each>(?:each|every) (?:one|of them|[a-z]+)|everyone|each) (?:an? )?(?:e-?mail|mail) (?:at|to) (?:the (?:e-?mail )?address in )?(?:their|its|the|his|her) (?P<field>[a-z_]\w*)(?: field)?{SAYING}?",  # noqa: E501
        lambda f, s: _mail_each(f, s),
    ),
    row(
        rf"(?:e-?mail|mail) (?P<each>(?:each|every) (?:one|of them|[a-z]+)|everyone|each) (?:at|to) (?:the (?:e-?mail )?address in )?(?:their|its|the|his|her) (?P<field>[a-z_]\w*)(?: field)?{SAYING}?",  # noqa: E501
        lambda f, s: _mail_each(f, s),
    ),
    row(
        rf"{TELL} (?:{{mail:mail}}|{{who:who}})(?: know)?{BY}? (?P<what>(?:the )?(?:count|number|summary|list|result|average|sum|total)|their [a-z]+s|how many (?:[a-z]+ )?(?:there are|are left|there were))",  # noqa: E501
        _notify,
    ),
    row(
        rf"(?:emit|publish|raise|fire|send)(?: out)? (?:an? |the )?(?P<type>{{text}}|[a-z][\w-]*(?:\.[\w-]+){{2,}})(?: event)?(?: with {OBJECT})?",  # noqa: E501
        _emit,
    ),
    row(rf"{SEND} (?:{OBJECT} )?(?:as json )?{TO_URL}{WITH_KEY}", _send),
    row(rf"(?:e-?mail|mail) {OBJECT} to (?:{{mail:mail}}|{{who:who}})", lambda f, s: _emailed(f, s)),
    row(
        rf"(?:e-?mail|mail) (?:(?:(?:me|us) at )?{{mail:mail}}|{{who:who}})(?: (?P<what>the [a-z]+|it|them))?{SAYING}?",
        lambda f, s: _emailed(f, s),
    ),
    row(
        rf"(?:send|write) (?:an? |the )?{CHANNEL}(?: message| notification)? to (?:{{mail:mail}}|{{url:url}}|{{who:who}}){SAYING}?", _notify
    ),
    row(rf"(?:send|write) {{who:who}} (?:an? |the )?{CHANNEL}(?: message| notification)?{SAYING}?", _notify),
    row(rf"(?:send|write) (?:an? )?(?:message|notification|note|reminder) to (?:{{mail:mail}}|{{who:who}}){BY}?{SAYING}?", _notify),
    row(rf"(?:send|write|drop) (?P<who>me|us|[A-Z][\w.-]*) (?:an? )?(?:message|notification|note|reminder){BY}?{SAYING}?", _notify),
    row(rf"(?:send|forward|post|deliver) {OBJECT} to {{mail:mail}}(?: by e-?mail)?", _notify),
    row(rf"(?:send|forward) {OBJECT} to {{who:who}}{BY}", _notify),
    row(rf"(?:send|post|write|put|show) {OBJECT}{BY.replace('by|via', 'to|into|by|via')}", _notify),
    row(rf"(?:send|show|give) (?P<who>me|us) {OBJECT}{BY}?", _notify),
    row(rf"{TELL} (?:{{mail:mail}}|{{who:who}})(?: know)?{BY}{SAYING}?", _notify),
    row(rf"{TELL} (?:{{mail:mail}}|{{who:who}})(?: know)?{SAYING}{BY}?", _notify),
    row(
        rf"{TELL} (?:{{mail:mail}}|{{who:who}})(?: know)?(?: (?:when|once) (?:it is|it's|everything is|all is|that is) (?:done|finished|ready|over))?",  # noqa: E501
        _notify,
    ),
    row(
        rf"{TELL} (?:{{mail:mail}}|{{who:who}})(?: know)? (?P<what>(?:the )?(?:summary|list|results?|answers?|rest|data)|them|it){BY}?",
        _notify,
    ),
    row(
        rf"{TELL} (?:{{mail:mail}}|{{who:who}})(?: know)? (?P<what>how many (?:[a-z]+ )?there (?:are|were)(?: left)?|how many (?:[a-z]+ )?(?:are|were) left|the number of [a-z]+){BY}?",  # noqa: E501
        _notify,
    ),
    row(rf"(?:notify|inform|alert)(?: the)? {CHANNEL}(?: channel)?(?: (?P<room>#[\w-]+))?{SAYING}?", _notify),
    row(rf"{SUM}(?: {OBJECT})?(?: (?:in|into|with|using)(?: at most| about)? (?P<count>{{n}}) sentences?)?", _summarize),
    row(
        rf"(?:emit|publish|raise|fire|send)(?: out)? (?:an? |the )?(?:cloud ?)?event (?:of (?:the )?type |called |named )?(?P<type>{{text}}|{{type}})(?: with {OBJECT})?",  # noqa: E501
        _emit,
    ),
    row(
        rf"(?P<method>post|put|submit|upload|push) {OBJECT}(?: (?:to|into|in) (?P<place>(?:the|our|my) [a-z][\w'’-]*(?: [a-z][\w-]*)?))?",
        _send,
    ),
    row(
        rf"(?:send|forward|save|store|write) {OBJECT} (?:to|into|in) (?P<place>(?:the|our|my) (?:api|server|endpoint|system|shop|crm|erp|database|report|backend|service|warehouse|kitchen)(?: [a-z]+)?)",  # noqa: E501
        _send,
    ),
    row(rf"(?:send|forward) {OBJECT} to {{who:who}}", _notify),
)


def _hook(found: re.Match[str], source: Protected, channel: str) -> Clause:
    values = {"who": "", "channel": channel, "url": source.url(found["url"]), "text": "", **_object(found["what"], source)}
    return Clause("notify", source.open(found[0]), values)


def _mail_each(found: re.Match[str], source: Protected) -> Clause:
    """Read "send each one an email at the address in their email field"."""
    groups = found.groupdict()
    noun = re.sub(r"^(?:each|every) ?(?:one|of them)?|everyone", "", found["each"]) or "item"
    text = groups.get("text") or groups.get("prose")
    values = {
        "each": noun,
        "who": "",
        "channel": "email",
        "to_field": found["field"],
        "room": "",
        "url": "",
        "about": groups.get("about") or "",
    }
    return Clause("notify", source.open(found[0]), values | {"text": source.value(text).strip() if text else "", "object": ""})


def _emailed(found: re.Match[str], source: Protected) -> Clause | None:
    clause = _notify(found, source)
    if clause is not None:
        clause.values["channel"] = "email"
    return clause
