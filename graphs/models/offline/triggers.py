"""What starts a workflow: days and times, intervals, events."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import available_timezones

from graphs.models.offline.clause import NUMBERS, Clause, Pattern, number, row
from graphs.models.offline.text import Protected

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
DAY = r"(?:sun|mon|tues?|wed(?:nes)?|thurs?|fri|sat(?:ur)?)(?:day)?s?"
CLOCK = (
    r"(?:\d{1,2}(?:[:.h]\d{2})?(?: ?(?:am|pm|a\.m\.|p\.m\.|h|hrs|o'clock|o’clock|uhr))?|noon|midday|midnight|(?:half past|quarter past|quarter to) (?:\d{1,2}|[a-z]+)(?: ?(?:am|pm))?"  # noqa: E501
    r"|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?: ?(?:am|pm|o'clock|o’clock))?)(?: in the (?:morning|afternoon|evening)| at night)?"  # noqa: E501
)
ZONE = r"(?:UTC|GMT|CET|EST|(?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Z][A-Za-z_/-]+|(?:[a-z]+ ){1,3}time)"
AT = rf"(?:,? ?(?:at|around|@) (?P<time>{CLOCK})(?:,? (?:in )?(?P<zone>{ZONE}))?)?"
DAYLIST = rf"(?P<days>(?:from )?{DAY} (?:to|through|till) {DAY}|{DAY}(?:(?:, | and |, and | or ){DAY})*|weekdays?|work(?:ing)? ?days?|business days?|weekends?|days?|mornings?|evenings?|nights?|afternoons?|noon)"  # noqa: E501
EVERY = r"(?:(?:on )?(?:every|each)|on|once every) "
UNIT = r"(?P<unit>seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)"


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"  # noqa: E501
BEGINS = re.compile(
    rf"(?:on|every|each|at|around|when|whenever|once|twice|as soon as|if|upon|after|daily|hourly|monthly|weekly|yearly|weekdays?|weekends|work|{DAY})\b",  # noqa: E501
    re.IGNORECASE,
)


def _daily(found: re.Match[str], source: Protected) -> Clause | None:
    days = (found.groupdict().get("days") or "day").lower()
    which = weekdays(days)
    if which is None:
        return None
    part = (
        {"m": "09:00", "e": "18:00", "n": "22:00", "a": "14:00"}.get(days[0])
        if re.match(r"mornings?|evenings?|nights?|afternoons?", days)
        else None
    )
    time = clock(found["time"]) if found["time"] else "12:00" if days == "noon" else None
    if time and re.match(r"evenings?|afternoons?|nights?", days) and not re.search(r"[ap]m|:|\.|in the", found["time"], re.IGNORECASE):
        hour = int(time[:2])
        time = f"{hour + 12:02d}{time[2:]}" if (6 if days[0] == "n" else 1) <= hour < 12 else time
    where = zone(found["zone"]) if found.groupdict().get("zone") else ""
    if (found["time"] and time is None) or where is None:
        return None
    values = {"how": "cron", "days": which, "time": time, "suggested": part or "09:00", "zone": where}
    return Clause("trigger", source.open(found[0]), values)


def _every(found: re.Match[str], source: Protected) -> Clause:
    amount = int(number(found["n"])) if found.groupdict().get("n") else 1
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[found["unit"][0].lower()]
    every = {"days": amount * 7} if unit == "weeks" else {unit: amount}
    return Clause("trigger", source.open(found[0]), {"how": "every", "every": every})


def _monthly(found: re.Match[str], source: Protected) -> Clause | None:
    day = found.groupdict().get("day")
    time = clock(found["time"]) if found["time"] else None
    words = {"first": 1, None: 1, "1st": 1}
    number_ = words[day] if day in words else int(re.sub(r"\D", "", day or "") or 0)
    where = zone(found["zone"]) if found.groupdict().get("zone") else ""
    if not 1 <= number_ <= 28 or (found["time"] and time is None) or where is None:
        return None
    values = {"how": "cron", "days": "*", "month_day": number_, "time": time, "suggested": "09:00", "zone": where}
    return Clause("trigger", source.open(found[0]), values)


def _last_day(found: re.Match[str], source: Protected) -> Clause | None:
    return _cron(found, source, {"days": "*", "month_day": "L"})


def _weekday_of_month(found: re.Match[str], source: Protected) -> Clause | None:
    place = {"first": "1", "1st": "1", "second": "2", "2nd": "2", "third": "3", "3rd": "3", "fourth": "4", "4th": "4", "last": "L"}
    day = weekdays(found["day"])
    if day is None:
        return None
    return _cron(found, source, {"days": f"{day}L" if found["place"].lower() == "last" else f"{day}#{place[found['place'].lower()]}"})


def _months(found: re.Match[str], source: Protected) -> Clause | None:
    months = sorted(MONTHS.index(word[:3].lower()) + 1 for word in re.findall(rf"\b{MONTH}\b", found["months"], re.IGNORECASE))
    day = 1 if found["day"].lower() == "first" else int(re.sub(r"\D", "", found["day"]))
    if not 1 <= day <= 31 or not months or (day > 28 and months == [2]):
        return None
    return _cron(found, source, {"days": "*", "month_day": day, "month": ",".join(map(str, months))})


def _quarterly(found: re.Match[str], source: Protected) -> Clause | None:
    return _cron(found, source, {"days": "*", "month_day": 1, "month": "1,4,7,10"})


def _several_times(found: re.Match[str], source: Protected) -> Clause | None:
    """Read "at 8 and 20": one cron names both only when their minutes are the same."""
    days = weekdays((found.groupdict().get("days") or "day").lower())
    times = [clock(part) for part in re.split(r",? and |, | & ", found["times"])]
    if days is None or not all(times) or len({str(time)[3:] for time in times}) > 1:
        return None
    hours = ",".join(str(hour) for hour in sorted(int(str(time)[:2]) for time in times))
    return Clause(
        "trigger", source.open(found[0]), {"how": "cron", "days": days, "hours": hours, "time": times[0], "suggested": "", "zone": ""}
    )


def _hours(found: re.Match[str], source: Protected) -> Clause | None:
    """Read "every hour from 9 to 17 on weekdays"."""
    days = weekdays((found.groupdict().get("days") or found.groupdict().get("days2") or "day").lower())
    begin, end = clock(found["begin"]), clock(found["end"])
    if days is None or begin is None or end is None or begin >= end or begin[3:] != end[3:]:
        return None
    values = {"how": "cron", "days": days, "hours": f"{int(begin[:2])}-{int(end[:2])}", "time": begin, "suggested": "", "zone": ""}
    return Clause("trigger", source.open(found[0]), values)


def _cron(found: re.Match[str], source: Protected, values: dict[str, Any]) -> Clause | None:
    time = clock(found["time"]) if found.groupdict().get("time") else None
    where = zone(found["zone"]) if found.groupdict().get("zone") else ""
    if (found.groupdict().get("time") and time is None) or where is None:
        return None
    return Clause("trigger", source.open(found[0]), {"how": "cron", "time": time, "suggested": "09:00", "zone": where, **values})


def _after(found: re.Match[str], source: Protected) -> Clause:
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[found["unit"][0].lower()]
    amount = int(number(found["n"]))
    return Clause("trigger", source.open(found[0]), {"how": "after", "after": {"days": amount * 7} if unit == "weeks" else {unit: amount}})


def _typed(found: re.Match[str], source: Protected) -> Clause:
    values: dict[str, Any] = {"how": "event", "type": source.value(found["type"])}
    if found.groupdict().get("from"):
        values["source"] = source.value(found["from"])
    return Clause("trigger", source.open(found[0]), values)


def _happening(found: re.Match[str], source: Protected) -> Clause | None:
    noun = re.sub(r"^(?:a|an|the|any|some|new|another)\s+", "", re.sub(r"^(?:a|an|the|any|some)\s+", "", found["what"].lower()))
    if noun in ("it", "they", "this", "that", "that one", "something", "everything", "all", "done"):
        return None
    verb = {"come": "received", "arri": "received", "rece": "received", "get": "received", "is r": "received"}.get(
        found["verb"].lower()[:4], ""
    )
    asked = bool(found.groupdict().get("event"))
    done = verb or re.sub(r"^(?:is|are|gets|has been|have been|was)\s+", "", found["verb"].lower()).split()[0]
    where = found.groupdict().get("where")
    return Clause(
        "trigger",
        source.open(found[0]),
        {"how": "event", "guess": f"{slug(noun)}.{done}", "noun": noun, "where": source.open(where) if where else "", "asked": asked},
    )


def _hand(found: re.Match[str], source: Protected) -> Clause:
    return Clause("trigger", source.open(found[0]), {"how": "hand"})


PLACE = "first|second|third|fourth|1st|2nd|3rd|4th|last"
ENDED = r"(?:(?:it|this|that|the (?:last|previous) (?:run|one|time)|the previous|each run|every run) (?:has |is |was )?(?:ended|finished|done|over|completed|ends|finishes|completes))"  # noqa: E501
WHEN = r"(?:when|whenever|each time|every time|once|as soon as|if|on|upon|after) "
ARRIVES = r"(?: (?:arrives|comes in|is received|occurs|happens|is emitted|is sent|fires|is fired|is published|gets in|comes))"
TABLE: tuple[Pattern, ...] = (
    row(rf"{EVERY}(?:the )?{DAYLIST}{AT}", _daily),
    row(rf"(?:at|around) (?P<time>{CLOCK})(?:,? (?:in )?(?P<zone>{ZONE}))?,? (?:on )?(?:every |each )?{DAYLIST}", _daily),
    row(rf"(?:daily|once a day|once daily|day by day){AT}", _daily),
    row(rf"(?:at|around) (?P<time>{CLOCK})(?:,? (?:in )?(?P<zone>{ZONE}))?,? daily", _daily),
    row(rf"{DAYLIST}{AT}", _daily),
    row(rf"(?:once )?(?:every|each|per|an?) (?:(?P<n>{{n}}) )?{UNIT}", _every),
    row(r"(?P<unit>h)ourly", _every),
    row(rf"(?:on )?the last day of (?:the|every|each) month{AT}", _last_day),
    row(rf"(?:on )?(?:the |every )?(?P<place>{PLACE}) (?P<day>{DAY}) (?:of|in) (?:the|every|each) month{AT}", _weekday_of_month),
    row(
        rf"(?:once a year|every year|yearly|annually)?,? ?(?:on )?(?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<months>{MONTH}){AT}",  # noqa: E501
        _months,
    ),
    row(rf"(?:once a year|every year|yearly|annually),? ?(?:on )?(?P<months>{MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?{AT}", _months),
    row(
        rf"(?:on )?the (?P<day>first|\d{{1,2}}(?:st|nd|rd|th))(?: day)? of (?P<months>{MONTH}(?:(?:, and |, | and ){MONTH})*){AT}", _months
    ),
    row(rf"(?:on )?the first(?: day)? of (?:each|every) quarter{AT}", _quarterly),
    row(
        rf"(?:(?:twice|\d times) (?:a day|daily)|every day|daily),? ?(?:at )?(?P<times>{CLOCK}(?:(?:, and |, | and | & ){CLOCK})+)(?: (?:every day|daily|each day))?",  # noqa: E501
        _several_times,
    ),
    row(rf"{EVERY}(?:the )?{DAYLIST} at (?P<times>{CLOCK}(?:(?:, and |, | and | & ){CLOCK})+)", _several_times),
    row(rf"at (?P<times>{CLOCK}(?:(?:, and |, | and | & ){CLOCK})+) (?:every day|daily|each day)", _several_times),
    row(
        rf"(?:{EVERY}{DAYLIST},? )?(?:every hour|hourly),? (?:from|between) (?P<begin>{CLOCK}) (?:to|and|until|till) (?P<end>{CLOCK})(?:,? (?:on )?(?P<days2>weekdays|working days|workdays|weekends))?",  # noqa: E501
        _hours,
    ),
    row(r"(?:start |run |do )?(?:it |this )?(?:again )?(?:every time |always )?(?P<n>{n}) " + UNIT + rf" after {ENDED}", _after),
    row(rf"(?:on )?the (?P<day>first|\d{{1,2}}(?:st|nd|rd|th))(?: day)? of (?:the|every|each) month{AT}", _monthly),
    row(rf"(?:every|each|once a) month(?: on the (?P<day>first|\d{{1,2}}(?:st|nd|rd|th)))?{AT}", _monthly),
    row(rf"monthly{AT}", _monthly),
    row(
        rf"{WHEN}(?:an? |the |any |each |every )?(?:new )?(?:cloud ?)?events? (?:of (?:the )?type |called |named |with (?:the )?type )?(?P<type>{{text}}|{{type}})(?: (?:from|of|by) (?P<from>{{url}}|{{text}}|[\w./-]+))?{ARRIVES}?",  # noqa: E501
        _typed,
    ),
    row(
        rf"{WHEN}(?:an? |the |each |every )?(?P<type>{{text}}|[a-z][\w-]*(?:\.[\w-]+)+)(?: event)?(?: (?:from|of|by) (?P<from>{{url}}|{{text}}|[\w./-]+))?{ARRIVES}?",  # noqa: E501
        _typed,
    ),
    row(
        rf"{WHEN}(?P<what>{{noun}}) (?P<verb>comes in|arrives|is received|gets in|is posted|are posted|is sent|are sent|gets posted|is created|is placed|is paid|is cancelled|is updated|is submitted|is deleted|is uploaded)(?P<event> as an event)?"  # noqa: E501
        r"(?: (?:to|at|on|via|in) (?:the |our |my )?(?P<where>{url}|/[\w/-]+|[a-z]\w*))?",
        _happening,
    ),
    row(
        r"(?:just |only )?(?:when|whenever|if) (?:i|we|somebody|someone) (?:start|starts|run|runs|ask|asks|trigger|triggers|say so|press|presses)(?: it| the workflow)?(?: by hand| manually| myself| by myself)?|on demand(?: only)?|(?:only )?by hand(?: only)?|manually(?: only)?|(?:start|run|trigger)(?: it)? (?:by hand|manually|on demand)",  # noqa: E501
        _hand,
    ),
)
INSIDE = re.compile(
    rf"(?P<before>^|.*?\s)(?P<trigger>(?:from )?{DAY} (?:to|through|till) {DAY}(?:,? ?(?:at|around) {CLOCK}(?:,? (?:in )?{ZONE})?)?|{EVERY}(?:the )?{DAYLIST.replace('?P<days>', '?:')}(?:,? ?(?:at|around) {CLOCK}(?:,? (?:in )?{ZONE})?)?|(?:every|each) (?:\d+ |[a-z]+ )?{UNIT.replace('?P<unit>', '?:')}"  # noqa: E501
    rf"|(?:daily|hourly|monthly|once a day)(?: at {CLOCK}(?:,? (?:in )?{ZONE})?)?|(?:at|around) {CLOCK}(?:,? (?:in )?{ZONE})?,? (?:on )?(?:every |each )?(?:{DAYLIST.replace('?P<days>', '?:')})|(?:at|around) {CLOCK}(?:,? (?:in )?{ZONE})? daily|on the (?:first|\d+(?:st|nd|rd|th)) of (?:the|every|each) month(?: at {CLOCK})?)(?P<after>$|\s.*)",  # noqa: E501
    re.IGNORECASE,
)


def weekdays(words: str) -> str | None:
    """Return the cron field of some days: "1-5", "1,4", "*"."""
    text = words.lower()
    if re.match(r"weekdays?|work|business", text):
        return "1-5"
    if text.startswith("weekend"):
        return "0,6"
    if re.fullmatch(r"days?|mornings?|evenings?|nights?|afternoons?|noon", text):
        return "*"
    ends = re.fullmatch(r"(?:from )?(\w+) (?:to|through|till) (\w+)", text)
    if ends:
        first_day, last_day = (next((i for i, day in enumerate(DAYS) if day.startswith(part[:3])), None) for part in ends.groups())
        if first_day is None or last_day is None:
            return None
        days = [day % 7 for day in range(first_day, (last_day if last_day >= first_day else last_day + 7) + 1)]
        return f"{days[0]}-{days[-1]}" if days == sorted(days) and len(days) > 1 else ",".join(str(day) for day in sorted(days))
    found = [next((i for i, day in enumerate(DAYS) if day.startswith(part[:3])), None) for part in re.split(r",? and |, | or ", text)]
    return None if None in found else ",".join(str(i) for i in sorted({i for i in found if i is not None}))


def zone(words: str) -> str | None:
    """Return the zone that *words* ("Berlin time", "UTC", "Europe/Rome") name, "" for the server's own, None when there is none."""
    name = re.sub(r"\s+time$", "", words.strip(), flags=re.IGNORECASE)
    if re.fullmatch(r"(?:my|our|local|the local|server|the server's)", name, re.IGNORECASE):
        return ""
    wanted = re.sub(r"\s+", "_", name).lower()
    known = available_timezones()
    if wanted.upper() in known:
        return "UTC" if wanted == "gmt" else wanted.upper()
    cities = sorted(one for one in known if one.lower() == wanted or one.lower().endswith(f"/{wanted}"))
    return cities[0] if len({city.rpartition("/")[2] for city in cities}) == 1 else None


def clock(words: str) -> str | None:
    """Read a time of day as "HH:MM"; None when it is no time."""
    text = words.lower().replace("’", "'").replace("a.m.", "am").replace("p.m.", "pm")
    late = bool(re.search(r"pm|in the afternoon|in the evening|at night", text))
    early = bool(re.search(r"\bam|\dam|in the morning", text))
    text = re.sub(r"\s*(?:am|pm|o'clock|uhr|hrs|in the \w+|at night)", "", text).strip()
    if text in ("noon", "midday"):
        return "12:00"
    if text == "midnight":
        return "00:00"
    past = re.fullmatch(r"(half past|quarter past|quarter to) (\w+)", text)
    if past:
        hour = int(past[2]) if past[2].isdigit() else int(NUMBERS.get(past[2], 99))
        minute = {"half past": 30, "quarter past": 15, "quarter to": -15}[past[1]]
    else:
        parts = re.fullmatch(r"(\w+?)h?(?:[:.h](\d{2}))?h?", text)
        if not parts:
            return None
        hour, minute = (int(parts[1]) if parts[1].isdigit() else int(NUMBERS.get(parts[1], 99))), int(parts[2] or 0)
    if hour > 24 or minute > 59:
        return None
    hour = hour + 12 if late and hour < 12 else 0 if early and hour == 12 else hour
    total = (hour * 60 + minute) % (24 * 60)
    return f"{total // 60:02d}:{total % 60:02d}"


def cron(values: dict[str, Any], time: str) -> str:
    """Return the cron expression of a daily, weekly or monthly trigger at *time* ("HH:MM")."""
    hour, minute = time.split(":")
    return f"{int(minute)} {values.get('hours') or int(hour)} {values.get('month_day', '*')} {values.get('month', '*')} {values['days']}"


def slug(text: str) -> str:
    """Lower case with dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "data"
