"""The same thing in other words: phrases that mean what a plainer one means are put plainly before a wish is read.

A row puts words in the place of words that say the same; none takes a word away that says something.
"""

from __future__ import annotations

import re
from collections.abc import Callable

U, M, S = "\ue000u\\d+\ue001", "\ue000m\\d+\ue001", "\ue000s\\d+\ue001"
ONES = dict(zip("one two three four five six seven eight nine".split(), range(1, 10), strict=True))  # noqa: SIM905
TEENS = dict(zip("eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), range(11, 20), strict=True))  # noqa: SIM905
TENS = dict(zip("twenty thirty forty fourty fifty sixty seventy eighty ninety".split(), (20, 30, 40, 40, 50, 60, 70, 80, 90), strict=True))  # noqa: SIM905
SPELLED = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(TENS)})(?:[- ](?P<ones>{'|'.join(ONES)}))?|(?P<teen>{'|'.join(TEENS)})|(?P<many>an?|{'|'.join(ONES)}) (?P<big>hundred|thousand))\b(?!-)",  # noqa: E501
    re.IGNORECASE,
)
CLOCKED = r"\d{1,2}(?:[:.]\d{2})? ?(?:am|pm)?"
TIME = rf"(?:{CLOCKED}|(?:noon|midnight)|(?:one|two|three|four|five|six|seven|eight|nine|ten|11|12) o['’]clock)(?![\w:.]*\d)"
TYPE = r"[a-z][\w-]*(?:\.[\w-]+){2,}"
NAMED = r"[A-Z][\w.-]*|I"
DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
Put = str | Callable[[re.Match[str]], str]


def _digits(found: re.Match[str]) -> str:
    if found["tens"]:
        return str(TENS[found["tens"].lower()] + ONES.get((found["ones"] or "").lower(), 0))
    if found["teen"]:
        return str(TEENS[found["teen"].lower()])
    return str(ONES.get(found["many"].lower(), 1) * (100 if found["big"].lower() == "hundred" else 1000))


def _who(found: re.Match[str]) -> str:
    who = found["who"]
    return "me" if who.lower() in ("i", "my") else re.sub(r"['’]s$", "", who)


def _each_place(found: re.Match[str]) -> str:
    return ", ".join(f"{found['what']} to {place}" for place in re.findall(U, found["places"]))


def _any(pattern: str, put: Put) -> tuple[re.Pattern[str], Put]:
    return re.compile(pattern, re.IGNORECASE), put


def _case(pattern: str, put: Put) -> tuple[re.Pattern[str], Put]:
    return re.compile(pattern), put


# politeness and asides that say nothing
ASIDES = (
    _any(r"(?:,|\s[–—-])?\s*\b(?:pls|plz|thx|thanks(?: a lot)?|thank you|cheers|ta)\b(?= *(?:$|[\n.,;!]| [–—-]))", ""),
    _any(r"\s*,?\s*\bthat['’]?s (?:all|it)\b(?: i (?:need|want))?(?= *(?:$|[.\n!]))", ""),
    _any(r"(?:,? of course|, if you can|, if possible|, would you)\b(?= *(?:$|[,.\n!?)]))", ""),
    _any(r"\bon the hour,? (?=from|between)", ""),
    _any(r" ?\((?:an? )?POST\)", ""),
    _any(rf"(?P<put>\bput [^.;\n]{{0,60}}?{U}) \((?:an? )?PUT\)", r"\g<put>"),
    _any(r"\((?P<inside>fetch it first|get it first)\)", ""),
)
# times and numbers
TIMES = (
    _any(r"\b(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\s?([ap])\.\s?m\.", r"\1 \2m"),
    _any(r"(?<=\d)\s?([ap])\.\s?m\.(?= [a-z]| [A-Z][a-z]+(?: [A-Z][a-z]+)? time\b|,|$)", r"\1m"),
    (SPELLED, _digits),
    _any(r"\b(?:an|1) hour and a half\b|\bone and a half hours\b|(?<=every )hour and a half\b", "90 minutes"),
    _any(r"\bhalf an? minute\b", "30 seconds"),
    _any(r"\b(?:an? )?quarter of an hour\b", "15 minutes"),
    _any(r"\b(?:an? )?half hour\b|\bhalf an hour\b", "30 minutes"),
    _any(r"\bthree quarters of an hour\b", "45 minutes"),
    _any(r"\bhalf[- ]hourly\b", "every 30 minutes"),
    _any(r"\bonce (?:per|in|every|an?) (?=(?:\d+ )?(?:minutes?|hours?|days?|weeks?))", "every "),
    _any(r"\bevery (?:other|second) (hour|day|minute|week)\b", r"every 2 \1s"),
    _any(r"\b(?:(?:repeat|do|run) (?:that|this|it) )?(?:at|in) intervals of (\d+) ?(min|minutes|mins|hours?|h)\b", r"every \1 \2"),
    _any(r"\bnightly\b", "every night"),
    _any(r"\b(?:mo|mon|monday)(?: ?[-–] ?| to | through )(?:fr|fri|friday)\b", "weekdays"),
    _any(r"\b(?:at (?:the )?)?(?:month[- ]end|end of (?:the|each|every) month)\b", "on the last day of every month"),
    _any(r"(?<!on )\b(?:on )?(?:the )?(1st|first|2nd|\d{1,2}th) (?:day )?of (?:the|each|every) month\b", r"on the \1 of every month"),
    _any(rf"\b(every (?:day|night|morning|evening|month)|daily|monthly|weekdays|weekends|{DAYS}|of every month),? (?={TIME})", r"\1 at "),
    _any(rf"\b(?P<first>{CLOCKED}) ?(?:\+|&|and) ?(?P<second>{CLOCKED}) daily\b", r"daily at \g<first> and \g<second>"),
    _any(rf"\b(?:on )?(weekday|{DAYS[:-2]}) mornings?,? (?:at )?(?P<time>{TIME})", r"every \1 at \g<time> in the morning"),
    _any(rf"\b(?:on )?(weekday|{DAYS[:-2]}) evenings?,? (?:at )?(?P<time>{TIME})", r"every \1 at \g<time> in the evening"),
    _any(
        rf"\bat (?P<time>{TIME}|(?:half past|quarter past|quarter to) [a-z]+) on (?P<day>{DAYS[:-2]}) (?P<part>morning|afternoon|evening)s?",  # noqa: E501
        r"every \g<day> at \g<time> in the \g<part>",
    ),
    _any(r"\((?P<zone>(?:America|Europe|Asia|Africa|Australia|Pacific)/\w+|UTC)\)", r"\g<zone>"),
    _any(r"\b(weekdays), (?=half past|quarter)", r"\1 at "),
    _any(r"\bUK time\b|\bBritish time\b", "Europe/London"),
    _any(r"\bUS eastern time\b|\beastern time\b", "America/New_York"),
    _any(r"\bJapan(?:ese)? time\b", "Asia/Tokyo"),
    _any(r"\b(?:german|central european) time\b", "Europe/Berlin"),
)
# calls
CALLS = (
    _any(rf"\bkick off? (?P<at>{U}) with a POST\b", r"post to \g<at>"),
    _any(rf" \+ (?=get\b|post\b|{U})", " and "),
    _any(rf"\bpass (?P<what>it|them) on to (?P<to>{U}) by POST\b", r"post \g<what> to \g<to>"),
    _any(rf"\b(?:everyone|everybody) (?=(?:from|at|in) {U})", "people "),
    _any(rf"\b(?P<what>(?:what (?:i|he|she|they) (?:enters?|says?|fills? in)|(?:his|her|their|the) answers)) (?:should be|is|are|shall be|must be|gets?)(?: then)? (?:sent|posted|POSTed)(?: \(POST\))? to (?={U})", r"post \g<what> to "),  # noqa: E501
    _case(rf"\b[Cc]all POST (?:to )?(?={U})", "post to "),
    _any(rf"\bcall (?P<at>{U}) with (?:a )?POST\b", r"post to \g<at>"),
    _any(rf"\bdelete each (?:one|of them) with DELETE (?={U})", "for each of them delete "),
    _any(rf"\b(?P<what>post (?:it|them|that|this)) (?:simultaneously|in parallel|at the same time) to (?P<places>{U}(?:(?:, and |, | and )(?:to )?{U})+)", lambda f: f", in parallel {_each_place(f)}"),  # noqa: E501
    _any(rf"\b(?P<what>(?:post|put) (?:it|them|that|this)) to (?P<places>{U}(?:(?:, and |, | and )(?:to )?{U})+) (?:in parallel|simultaneously|at the same time)", lambda f: f", in parallel {_each_place(f)}"),  # noqa: E501
    _any(rf"\b(?P<what>(?:post|put) (?:it|them|that|this)) to (?P<places>{U}(?:(?:, and | and )to {U})+)", lambda f: _each_place(f)),
    _any(r"\bweb[ -]hook\b", "webhook"),
    _any(rf"\b((?:e-?)?mail|send|post|put)(?: (it|them))? ?(?:->|=>|→) ?(?={M}|{U})", lambda found: f"{found[1]} {found[2] or 'it'} to "),
    _any(r" ?(?:->|=>|→|➡) ?", ", then "),
    _case(rf"\b(POST|PUT|PATCH) (?={U}(?:$|[\s,.;:)](?! ?to\b)))", r"\1 to "),
    _any(rf"\b(?:do|send|make|call|issue)(?: an?)? (?:http )?(get|delete)(?: request)? (?:on|to|at) (?={U})", r"\1 "),
    _any(rf"\bsend (?P<what>[^\ue000.;,]{{1,60}}?) (?:by|via|with|as|per|using) (?:an? )?(?P<how>post|put|patch)(?: request)? to (?={U})", r"\g<how> \g<what> to "),  # noqa: E501
    _any(rf"\bsend (?P<what>[^\ue000.;,]{{1,60}}?) to (?P<to>{U}) (?:by|via|with|as|using) (?:an? )?(?P<how>post|put|patch)(?: request)?\b", r"\g<how> \g<what> to \g<to>"),  # noqa: E501
    _any(rf"\b(?:the )?[a-z]+ \((?P<to>{U})\) (?:should|shall|must|has to) (?:be sent|get|receive) (?P<what>[^\ue000.;,]{{1,60}}?) (?:by|via) POST", r"post \g<what> to \g<to>"),  # noqa: E501
    _any(rf"\b(?P<what>[^\ue000.;,:\n]{{1,60}}?) (?:has|have|need|needs|is|are) to (?:be )?(?P<how>post|put|patch)ed (?P<at>to|at) (?P<to>{U})", r"\g<how> \g<what> to \g<to>"),  # noqa: E501
    _any(rf"\b(?P<what>(?:the )?(?:result|rest|list|answer)|it|they) (?:is|are)(?: then)? (?P<how>post|put|patch)ed to (?={U})", r"\g<how> \g<what> to "),  # noqa: E501
    _any(r"\(a (?P<how>POST|PUT|PATCH)\)", ""),
    _any(rf"\bask (?={U})", "get "),
    _any(rf"\b(?:look at|check on|have a look at) (?={U})", "get "),
    _any(rf"(?<=\w) \((?P<at>{U})\)", r" at \g<at>"),
)  # fmt: skip
# people and messages
PEOPLE = (
    _any(r"\bdrop (?P<who>me|us|[A-Z]\w+) a (?:line|note|message)\b(?: in the chat)?", r"tell \g<who> in the chat"),
    _any(r"\bdrop a note in the chat\b", "tell the chat"),
    _any(r"\b(?P<who>[A-Z][a-z]+) fills in (?:his|her|their) (?=[a-z])", r"ask \g<who> for the "),
    _any(r"\b(?:i want|we need|i need|show me|make|give me) a (?:little |small |short )?form(?: with|:| for) (?:the )?(?=[a-z])", "ask me for the "),  # noqa: E501
    _any(rf"(?P<before>^|[,.;\n] ?)e-?mail to (?={M})", r"\g<before>email it to "),
    _any(rf"\bping (?P<at>{U}) \(it['’]s a webhook\)", r"call the webhook \g<at>"),
    _any(r"\bthem both\b", "both"),
    _any(rf"\btell (?P<who>[A-Z][\w.-]*) by e-?mail, (?P<to>{M}),?", r"email \g<to>"),
    _any(r"\bask (?P<who>me|@?[A-Z][\w.-]*) before (?:you |we |it |they )?(?=(?:post|send|delet|put|anything|everything)\w*)", r"ask \g<who> to approve before "),  # noqa: E501
    _any(rf"\b(?P<how>e-?mail|mail|tell|notify) (?P<who>{M}|the chat|me),? (?P<text>{S})", r"\g<how> \g<who> saying \g<text>"),
    _any(r"\b(?:just )?mention (?P<what>it|them|that) in the chat\b", r"post \g<what> in the chat"),
    _any(rf"\b(?P<who>{NAMED}) (?:must|has to|needs to|should) approve before (?:it|they) (?:is|are) posted to (?={U})", lambda f: f"ask {_who(f)} to approve, then post it to "),  # noqa: E501
    _any(rf"\bby posting to (?={U})", "with a POST to "),
    _any(rf"\b(?P<what>[a-z]+ (?:the |a |our )?[a-z]+) with a POST to (?={U})", "post to "),
    _any(r"\bask (?P<who>me|@?[A-Z][\w.-]*)(?: for (?:approval|permission))? (?P<first>first|beforehand|before that)\b", r"ask \g<who> to approve \g<first>"),  # noqa: E501
    _any(rf"\b(?P<who>{NAMED})(?: first)? (?:has|have|needs?) to (?:say yes|agree|give (?:his|her|their|an?) (?:ok|okay|approval|consent|go-ahead)|ok it|be asked)(?: to it)?", lambda f: f"ask {_who(f)} to approve"),  # noqa: E501
    _any(r"\b(?:i want|i would like|i'd like|let me) to? ?(?:see|look at|check|review) (?P<what>it|them) and (?:then )?(?:give my (?:ok|okay|approval|go-ahead)|approve)(?: it| them)?", r"ask me to approve"),  # noqa: E501
    _any(rf"\s[–—-] but not without (?P<who>{NAMED}['’]s|my) (?:approval|sign-?off|ok|okay|consent)\b", lambda f: f", after {f['who']} approval"),  # noqa: E501
    _any(rf",? (?:and |but )?(?:(?:only )?not )?(?:before|until) (?P<who>{NAMED}) (?:has |have )?approve[ds]?(?: (?:it|them|this|that))?", lambda f: f", after {f['who']} approves"),  # noqa: E501
    _any(rf",? but not without (?P<who>{NAMED}['’]s|my) (?:approval|sign-?off|ok|okay|consent|permission|go-ahead)\b", lambda f: f", after {f['who']} approval"),  # noqa: E501
    _any(rf"(?P<to>{M}) (?:should |shall |must )?(?:gets?|receives?) (?:an? )?(?:e-?mail|mail|message)\b", r"email \g<to>"),
    _any(rf"\bsend (?:an? )?(?:e-?mail|mail) to (?={M}$)", "email "),
    _any(rf"\b(?P<what>[^\ue000.;,]{{1,60}}?(?: at {U})?) (?:should|shall|must|has to) (?:land|arrive|be|end up) in the (?:inbox|mailbox) of (?={M})", r"mail \g<what> to "),  # noqa: E501
    _any(rf"\bI (?:need|want) (?:an? )?(?:e-?mail|mail) to (?P<to>{M}) with (?P<what>.+?)(?=$|[.;\n])", r"mail \g<what> to \g<to>"),
    _any(rf"\bthe chat (?:should|shall) (?:read|say|show) (?P<text>{S})", r"tell the chat \g<text>"),
    _any(rf"\b(?:write|put|say|post|show) (?P<text>{S}) (?:in|into|to|on) (?:the |this |our )?chat\b", r"tell the chat \g<text>"),
    _any(r"\b(post|put|write|show)( it| them)? (in|to) chat\b", lambda f: f"{f[1]}{f[2] or ' it'} in the chat"),
    _any(r"\bplus (?=(?:send|post|tell|mail|email|write)\b)", "and "),
    _any(rf"^(?P<at>{U})(?: [–—-] | )please (?:fetch|get)\b(?: it)?", r"get \g<at>"),
    _any(rf"\be-?mail: ?(?={M})", "email it to "),
    _any(rf"(?P<who>{M}) (?P<and>and|,) (?P<other>{M})", r"\g<who> & \g<other>"),
)  # fmt: skip
# conditions
CONDITIONS = (
    _any(rf"\b(?:which|wich|what) (?P<what>[a-z]+) (?:at|from|in|of) (?P<at>{U}) (?:have|has|are|is) no (?P<field>[a-z_]\w*)\?", r"get the \g<what> from \g<at>, keep those where \g<field> is missing."),  # noqa: E501
    _any(rf"\bhow many (?P<what>[a-z]+) (?:at|from|in|of) (?P<at>{U}) (?P<which>(?:have|has|with|are|is) [^?\n]{{3,60}})\?", r"get the \g<what> from \g<at>, keep those \g<which>, and count them."),  # noqa: E501
    _any(rf"\bwhat(?:['’]s| is) the (?P<op>sum|average|mean|total) (?:of )?(?P<field>[a-z_]\w*) (?:over|of|in|across|for) (?:all )?(?:the )?(?P<what>[a-z]+) (?:at|from|of|in) (?P<at>{U})\?", r"get the \g<what> from \g<at>, calculate the \g<op> of \g<field>."),  # noqa: E501
    _any(rf"\b(?:add up|sum|total) (?:the )?(?P<field>[a-z_]\w*) (?:of|over) (?:all )?(?:the )?(?P<what>[a-z]+) (?:at|from|of|in|under) (?P<at>{U})", r"get the \g<what> from \g<at>, calculate the sum of \g<field>"),  # noqa: E501
    _any(r"\b(?P<verb>post|send|put|mail|e-?mail) (?:only|just) (?P<names>(?:the )?[a-z_]\w*(?:, [a-z_]\w*)*,? and [a-z_]\w*)(?: of (?:each|every)(?: one| [a-z]+)?)? (?=to\b|in\b)", r"take only \g<names>, then \g<verb> them "),  # noqa: E501
    _any(rf"\bif an? event (?:of type )?(?P<type>[a-z][\w-]*(?:\.[\w-]+)+) has (?P<field>[a-z_]\w*) (?P<value>{S}|\w+),", r"when an event of type \g<type> arrives: if \g<field> is \g<value>,"),  # noqa: E501
    _any(r"(?<![\w&?/=])(?P<field>[a-z_]\w*)=(?P<value>\w+)(?![\w&=])", r"\g<field> = \g<value>"),
    _any(r"(?P<before>^|[,.;:\n] ?)(?P<field>[a-z_]\w*) = (?P<value>\w+) only\b", r"\g<before>keep those where \g<field> = \g<value>"),
    _any(rf"\bdo(?:es)? not contain (?P<text>{S}) in (?:the |their |its )?(?P<field>[a-z_]\w*)", r"\g<field> does not contain \g<text>"),
    _any(rf"\b(?:has|have|with) (?:the word )?(?P<text>{S}) in (?:the |their |its )?(?P<field>[a-z_]\w*)", r"with \g<field> contains \g<text>"),  # noqa: E501
    _any(r"\b(is|are) still (?=true|false|open|pending|missing)", r"\1 "),
    _any(r"\b(with|where|whose) (?P<field>[a-z_]\w*) (?:equal to|equals?) ", r"\1 \g<field> = "),
    _any(r"\bthe (?:[a-z]+ )?(?:one )?(?:with|having) the (?P<which>lowest|highest|smallest|largest|biggest) (?P<field>[a-z_]\w*)", r"the \g<which> one by \g<field>"),  # noqa: E501
    _any(rf"^from (?P<at>{U}),? (?P<verb>show|post|send|mail|email|take|keep|put|tell|use|pick)\b", r"get \g<at>, then \g<verb>"),
    _any(r"\((?:the )?(?P<id>[a-z_]\w*) (?:is|being) (?:a|the|its) field (?:of|in) (?:the|each) [a-z]+\)", ""),
)  # fmt: skip
# branches and repetition
FLOW = (
    _any(r"(?P<before>^|[,.;\n] ?)(?:check|repeat(?: that| this| it)?|run(?: it| this)?|do (?:this|that|it)) (?=every \d)", r"\g<before>"),
    _any(rf"(?P<before>^|[.\n] ?)[A-Z][a-z]+(?: [a-z]+)? \((?:event )?(?P<type>{TYPE})\) (?:get|are|is) posted to (?={U})", r"\g<before>When an event of type \g<type> arrives, post it to "),  # noqa: E501
    _any(rf"(?P<before>^|[.\n] ?)[A-Z][a-z]+(?: [a-z]+)? \((?:event )?(?P<type>{TYPE})\)[:,]? ?", r"\g<before>When an event of type \g<type> arrives, "),  # noqa: E501
    _any(rf"\b(?P<time>\d+ (?:minutes?|hours?|days?)) after (?:an? |the )?(?:event )?(?P<type>{TYPE})(?: event)?(?: (?:arrives|comes in))?,? ", r"when an event of type \g<type> arrives, wait \g<time>, then "),  # noqa: E501
    _any(r"\b(?P<if>(?:if|whenever|when) (?:it|that|this|posting|fetching|sending|the [a-z]+|any of them) (?:still )?(?:fails|breaks|doesn['’]t work|does not work)),? (?=(?:e-?mail|mail|tell|notify|let|post|send|say)\b)", r"\g<if>, "),  # noqa: E501
    _any(r"(?P<before>^|\n) ?(?:[*-] )?must be:? (?P<one>[^,\n]+), (?P<two>[^,\n]+)(?=\n|$)", r"\g<before>keep those where \g<one> and \g<two>"),  # noqa: E501
    _any(rf"\b(?P<if>if|in case|when(?:ever)?) (?P<at>{U}) (?:returns|answers|gives|has|is|contains) (?:nothing|empty|no (?:entries|items|results)|an empty list)", r"get \g<at>; if there are none"),  # noqa: E501
    _any(rf"(?P<before>[^.;\n]{{0,90}}?) (?P<if>if|in case|when(?:ever)?) (?P<at>{U}) (?:returns|has|contains|gives) (?P<n>(?:over|more than|at least|under|fewer than|less than) \d+) (?:entries|items|results|records|rows)", r"get \g<at>; if there are \g<n> items, \g<before>"),  # noqa: E501
    _any(rf"\b(?P<if>if|in case|when(?:ever)?) (?P<at>{U}) (?:returns|has|contains|gives) (?P<n>(?:over|more than|at least|under|fewer than|less than) \d+) (?:entries|items|results|records|rows)", r"get \g<at>; if there are \g<n> items"),  # noqa: E501
    _any(r"\bgo through (?:it|them|the list)(?: one by one)?(?:: | and )(?=look up|for each|fetch|get)", ""),
    _any(rf"\blook up each one(?:['’]s)? (?:details? )?(?:at|under|from) (?={U})", "for each of them get "),
    _any(r"\b(?P<what>(?:(?:\d+|two|three|four|five|six|seven|eight|nine|ten) (?:minutes?|hours?|seconds?|days?)|an hour|a minute|a day)) later,? (?=[a-z])", r"wait \g<what>, then "),  # noqa: E501
    _any(r"\bat once\b(?= and|[,.;]|$)", "at the same time"),
    _any(r"\b(?:on|upon) errors?: max(?:imum)? (?P<n>\d+|[a-z]+) (?:retries|tries|attempts)", r"retry up to \g<n> times"),
    _any(r"(?P<before>^|[.;\n] ?)(?:if )?(?:it['’]s |it is )?still (?:broken|failing|down)(?: after that)?(?: ?, then |[:,] ?)", r"\g<before>if it fails, "),  # noqa: E501
    _any(r"\b(?P<cond>(?:less|more|fewer) than \d+) in (?P<field>[a-z_]\w*)\? (?:then )?", r"if \g<field> is \g<cond>, "),
)  # fmt: skip
ROWS = (*ASIDES, *TIMES, *CONDITIONS, *CALLS, *PEOPLE, *FLOW)


def plain(text: str) -> str:
    """Return *text*, its addresses and quotations being tokens, with its phrases put plainly."""
    for pattern, put in ROWS:
        text = pattern.sub(put, text)
    return text
