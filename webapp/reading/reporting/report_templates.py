"""Report templates: declared in TOML, checked when they are read; their sections and what prefills each."""

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
    """A template is invalid; the message names the file, for whoever wrote it."""


class Declaration(BaseModel):
    """Base of the declarations: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(Declaration):
    """One section: `fill` names what prefills it, `hint` describes it."""

    key: str = Word
    title: str = Field(min_length=1, max_length=60)
    fill: Literal["", "technique", "comparison", "findings", "impression"] = ""
    hint: str = Field(default="", max_length=300)
    rows: int = Field(default=2, ge=1, le=20)


class TemplateCriteria(Declaration):
    """The criteria by which a template applies: the study must match each list that is not empty."""

    pathways: frozenset[str] = frozenset()
    modalities: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()


class Template(Declaration):
    """One report template."""

    name: str = Word
    version: str = Field(pattern=r"^[0-9]+$", max_length=16)
    title: str = Field(min_length=1, max_length=60)
    rank: int = Field(ge=0, description="the lowest that fits is taken")
    when: TemplateCriteria = TemplateCriteria()
    sections: tuple[Section, ...] = Field(min_length=1)


#: The template for any study, independent of the files.
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
class StudyKind:
    """The kind of a study: pathways, modalities and body parts."""

    pathways: frozenset[str] = frozenset()
    modalities: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()


@cache
def templates() -> tuple[Template, ...]:
    """Return the templates in the order in which they are tried, the general one last."""
    return load_templates()


def load_templates(folder: Path = FOLDER) -> tuple[Template, ...]:
    """Read the templates.

    Raises
    ------
    TemplateError
        If a file is malformed, or shares its name or rank with another, or a section stands twice in it.
    """
    loaded = [_read_template(file) for file in sorted(folder.glob("*.toml"))]
    loaded.append(GENERAL)
    _refuse_duplicates(folder, [template.name for template in loaded])
    _refuse_duplicates(folder, [f"rank {template.rank}" for template in loaded])
    return tuple(sorted(loaded, key=lambda template: template.rank))


def template_for(kind: StudyKind, among: Iterable[Template]) -> Template:
    """Return the first template that fits, else the general one."""
    return next((template for template in among if _fits(template.when, kind)), GENERAL)


def template_named(name: str) -> Template:
    """Return the template of that name, the general one where there is none (any more)."""
    return next((template for template in templates() if template.name == name), GENERAL)


def _fits(when: TemplateCriteria, kind: StudyKind) -> bool:
    criteria = ((when.pathways, kind.pathways), (when.modalities, kind.modalities), (when.parts, kind.parts))
    return all(not words or bool(words & true) for words, true in criteria)


def _read_template(file: Path) -> Template:
    try:
        template = Template.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise TemplateError(f"{file.name}{f', {place}' if place else ''}: {first['msg']}.") from error
    except (OSError, ValueError) as error:
        raise TemplateError(f"{file.name} cannot be read: {error}") from error
    _refuse_duplicates(file, [f"section {section.key}" for section in template.sections])
    return template


def _refuse_duplicates(file: Path, names: list[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TemplateError(f"{file.name}: {twice[0]} stands there twice.")
