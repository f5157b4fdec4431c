"""Report templates as they are declared in TOML, checked when they are read: which sections, filled with what."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FOLDER = Path(__file__).resolve().parent / "structures"
Word = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)


class TemplateError(Exception):
    """A declaration cannot be used; the message names the file and is for whoever wrote it."""


class Declared(BaseModel):
    """Base: a word that nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(Declared):
    """One section: `fill` says what it begins with, `hint` what it is for; nothing else is ever put in."""

    key: str = Word
    title: str = Field(min_length=1, max_length=60)
    fill: Literal["", "technique", "comparison", "findings", "impression"] = ""
    hint: str = Field(default="", max_length=300)
    rows: int = Field(default=2, ge=1, le=20)


class When(Declared):
    """Whose studies it is for: one word of each list that is not empty must be true of the study."""

    pathways: frozenset[str] = frozenset()
    modalities: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()


class Template(Declared):
    """One report template."""

    name: str = Word
    version: str = Field(pattern=r"^[0-9]+$", max_length=16)
    title: str = Field(min_length=1, max_length=60)
    rank: int = Field(ge=0, description="the lowest that fits is taken")
    when: When = When()
    sections: tuple[Section, ...] = Field(min_length=1)


#: What any study can be reported with, whatever becomes of the files.
GENERAL = Template(
    name="general",
    version="1",
    title="General",
    rank=10_000,
    sections=(
        Section(key="question", title="Clinical question", hint="Reason for the examination."),
        Section(key="technique", title="Technique", fill="technique"),
        Section(key="comparison", title="Comparison", fill="comparison"),
        Section(key="findings", title="Findings", fill="findings", rows=8),
        Section(key="impression", title="Impression", fill="impression", hint="The answer to the question.", rows=3),
    ),
)


@dataclass(frozen=True)
class Kind:
    """What a study is, in the words of pathways, headers and networks."""

    pathways: frozenset[str] = frozenset()
    modalities: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()


@cache
def templates() -> tuple[Template, ...]:
    """Return the declared templates in the order in which they are tried, the general one last."""
    return load_templates()


def load_templates(folder: Path = FOLDER) -> tuple[Template, ...]:
    """Read the templates.

    Raises
    ------
    TemplateError
        If a file is malformed, or shares its name or rank with another, or a section stands twice in it.
    """
    read = [_checked(file) for file in sorted(folder.glob("*.toml"))]
    read.append(GENERAL)
    _only_once(folder, [template.name for template in read])
    _only_once(folder, [f"rank {template.rank}" for template in read])
    return tuple(sorted(read, key=lambda template: template.rank))


def template_for(kind: Kind, among: Iterable[Template]) -> Template:
    """Return the first template that fits, else the general one."""
    return next((template for template in among if _fits(template.when, kind)), GENERAL)


def template_named(name: str) -> Template:
    """Return the template of that name, the general one where there is none (any more)."""
    return next((template for template in templates() if template.name == name), GENERAL)


def _fits(when: When, kind: Kind) -> bool:
    asked = ((when.pathways, kind.pathways), (when.modalities, kind.modalities), (when.parts, kind.parts))
    return all(not words or bool(words & true) for words, true in asked)


def _checked(file: Path) -> Template:
    try:
        template = Template.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise TemplateError(f"{file.name}{f', {place}' if place else ''}: {first['msg']}.") from error
    except (OSError, ValueError) as error:
        raise TemplateError(f"{file.name} cannot be read: {error}") from error
    _only_once(file, [f"section {section.key}" for section in template.sections])
    return template


def _only_once(file: Path, names: list[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TemplateError(f"{file.name}: {twice[0]} stands there twice.")
