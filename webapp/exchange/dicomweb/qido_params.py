"""What the address of a search asks for (PS3.18 8.3.4)."""

from dataclasses import dataclass
from typing import Self

from django.http import QueryDict

from webapp.exchange.dicomweb.attributes import BY_KEYWORD, Attribute, Level, keyword_of
from webapp.exchange.dicomweb.base import BadRequest

#: Rows of one answer, whatever is asked for; a Warning says that there are more.
MOST = 5_000
FARTHEST = 2**31
ALL = "all"
PLAIN_WORDS = {"limit", "offset", "includefield", "fuzzymatching", "accept"}


@dataclass(frozen=True)
class Search:
    """A search, once it is known to be sound.

    Attributes
    ----------
    level
        What is searched for.
    keys
        Attributes and the values that they must match.
    fixed
        Levels whose UID stands in the path.
    fields
        Keywords of attributes to tell besides; `everything` asks for all that are known.
    """

    level: Level
    keys: tuple[tuple[Attribute, str], ...]
    fixed: frozenset[Level]
    fields: frozenset[str]
    everything: bool
    limit: int
    offset: int
    fuzzy: bool

    @classmethod
    def asked(cls, query: QueryDict, *, level: Level, **uids: str) -> Self:
        """Read an address: its query, and the UIDs of its path by keyword.

        Raises
        ------
        BadRequest
            If it asks for what does not exist or cannot be searched for at this level.
        """
        keys = [(BY_KEYWORD[keyword], uid) for keyword, uid in uids.items()]
        for name, values in query.lists():
            if name not in PLAIN_WORDS:
                attribute = _key(name, level)
                keys += [(attribute, value.strip()) for value in values]
        fields = [word for given in query.getlist("includefield") for word in given.split(",") if word]
        return cls(
            level=level,
            keys=tuple(keys),
            fixed=frozenset(BY_KEYWORD[keyword].level for keyword in uids),
            fields=frozenset(keyword_of(word) for word in fields if word != ALL),
            everything=ALL in fields,
            limit=min(_number(query, "limit", MOST), MOST),
            offset=_number(query, "offset", 0),
            fuzzy=_yes(query.get("fuzzymatching", "false")),
        )


def _key(name: str, level: Level) -> Attribute:
    keyword = keyword_of(name)
    attribute = BY_KEYWORD.get(keyword)
    if attribute is None or not attribute.is_key or attribute.level > level:
        raise BadRequest(f"{keyword} is not an attribute that is searched for here.")
    return attribute


def _number(query: QueryDict, name: str, otherwise: int) -> int:
    words = query.get(name, "")
    if not words:
        return otherwise
    if not words.isascii() or not words.isdecimal() or int(words) > FARTHEST:
        raise BadRequest(f"`{name}` is a whole number from 0.")
    return int(words)


def _yes(words: str) -> bool:
    if words.lower() not in {"true", "false"}:
        raise BadRequest("`fuzzymatching` is true or false.")
    return words.lower() == "true"
