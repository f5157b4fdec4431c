"""All wording of the pages: how a status, an urgency, a person or a probability is put into words."""

from dataclasses import dataclass
from datetime import date

from webapp.foundation.accounts.models import User
from webapp.imaging.archive.models import Patient, Series, Study
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.series_status import Status
from webapp.reading.worklist.models import Priority


@dataclass(frozen=True)
class Look:
    """How something is shown: a word, the icon of that name, and what it means."""

    word: str
    icon: str
    meaning: str


STATUSES: dict[Status, Look] = {
    Status.FINDINGS: Look("Findings", "findings", "The cascade points at something."),
    Status.NEGATIVE: Look("Nothing found", "negative", "It was looked for and not found. That rules nothing out."),
    Status.SORTED_ONLY: Look("Sorted only", "sorted_only", "The kind of image is known; no finding was looked for."),
    Status.NOT_ANALYSED: Look("Not analysed", "not_analysed", "The cascade gives no answer, for the reason stated."),
    Status.FAILED: Look("Failed", "failed", "The analysis failed three times and waits for a person."),
    Status.QUEUED: Look("Queued", "queued", "Waits for its turn."),
    Status.RUNNING: Look("Running", "running", "Is being analysed now."),
    Status.RECEIVING: Look("Receiving", "receiving", "Images are still arriving."),
}

URGENCIES: dict[int, Look] = {
    3: Look("Look first", "first", "Look at this first."),
    2: Look("Soon", "soon", "Look at this soon."),
    1: Look("Attention", "next", "Something here needs a person."),
    0: Look("Routine", "routine", "Nothing raised this in the order."),
}

PRIORITIES: dict[Priority, Look] = {
    Priority.STAT: Look("STAT", "first", "A person asked for this now."),
    Priority.URGENT: Look("Urgent", "soon", "A person asked for this soon."),
    Priority.ROUTINE: Look("Routine", "routine", "Nobody asked for this sooner."),
}

STAGE_LOOKS: dict[str, Look] = {
    "done": Look("Done", "negative", "This step answered."),
    "not_run": Look("Not run", "not_run", "This step was not asked."),
    "not_suitable": Look("Not suitable", "not_analysed", "This step was asked and declined."),
    "failed": Look("Failed", "failed", "This step broke."),
    "waiting": Look("Not run yet", "queued", "This step's turn has not come."),
}

MODALITIES = {
    "CT": "CT", "MR": "MRI", "US": "Ultrasound", "XR": "X-ray", "CR": "X-ray", "DX": "X-ray", "RG": "X-ray",
}  # fmt: skip
#: A header vouches for an image by stating a modality that is known.
HEADER_WORDS = {**MODALITIES, "medical": "a known modality"}
#: Between a number and its sign: narrow, and never a line's end.
NARROW = "\N{NARROW NO-BREAK SPACE}"
SEXES = {"M": "male", "F": "female", "O": "other"}


@dataclass(frozen=True)
class Person:
    """The patient as a list or a corner of the picture names them."""

    name: str
    number: str
    born: date | None
    age: str
    sex: str
    is_known: bool = True


#: How intake begins the number of somebody whose header states none.
NO_NUMBER = "no number"
NOBODY = Person(name="No header: picture", number="", born=None, age="", sex="", is_known=False)


def person_of(study: Study) -> Person:
    """Return whom a study shows; a picture without a header shows nobody that we know."""
    patient = study.patient
    if patient is None:
        return NOBODY
    return Person(
        name=format_person_name(patient.name) or "Name not stated",
        number=NO_NUMBER if patient.patient_id.startswith(NO_NUMBER) else patient.patient_id,
        born=patient.birth_date,
        age=format_age(patient, on=study.study_date or study.arrived_at.date()),
        sex=SEXES.get(patient.sex.upper(), ""),
    )


def user_display_name(user: User) -> str:
    """Return what colleagues call somebody: their name, else the name they sign in with."""
    return user.get_full_name() or user.get_username()


def format_person_name(stated: str) -> str:
    """Return a DICOM person name (PS3.5 6.2.1, `family^given^middle^prefix^suffix`) as people write it."""
    alphabetic = stated.partition("=")[0]
    family, given, middle, prefix, suffix = ([part.strip() for part in alphabetic.split("^")] + [""] * 5)[:5]
    first = " ".join(part for part in (prefix, given, middle) if part)
    return ", ".join(part for part in (family, first, suffix) if part)


def format_age(patient: Patient, *, on: date) -> str:
    """Return the age at a day: years, or months under two years."""
    born = patient.birth_date
    if born is None or born > on:
        return ""
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    return f"{months} mo" if months < 24 else f"{months // 12} y"


def describe_kind(series: Series, run: Run | None) -> list[str]:
    """Return what a series is, the surest word first: modality, part, plane."""
    answered = run is not None and bool(run.modality)
    stated = "" if series.is_picture else series.modality  # a picture's own says that it is none: OT
    modality = run.modality if run is not None and answered else stated
    part = run.region if run is not None and answered else series.body_part.lower()
    plane = run.plane if run is not None and answered else ""
    words = [MODALITIES.get(modality, modality), part.replace("_", " ").capitalize(), plane.capitalize()]
    return [word for word in words if word] or ["Kind not known yet" if run is None else "Kind not known"]


def percent(probability: float | None) -> str:
    """Return a probability as whole percent; never a 0 % or 100 % that nobody can promise."""
    if probability is None:
        return ""
    if probability < 0.01:
        return f"under 1{NARROW}%"
    return f"over 99{NARROW}%" if probability > 0.99 else f"{100 * probability:.0f}{NARROW}%"


def format_range(low: float | None, high: float | None, views: int | None) -> str:
    """Return how far a probability moved over so many looks: "60 to 81% over 5 views"."""
    if low is None or high is None or not views:
        return ""
    least, most = percent(low), percent(high)
    if least == most:
        return f"{least} in all {views} views"
    # The sign stands once where both are plain numbers.
    shared = least.removesuffix(f"{NARROW}%") if least[0].isdigit() and most[0].isdigit() else least
    return f"{shared} to {most} over {views} views"


def milliseconds(ms: float | None) -> str:
    """Return a duration as a reader takes it in."""
    if ms is None:
        return ""
    if ms < 10:
        return f"{ms:.1f} ms"
    return f"{ms:.0f} ms" if ms < 10_000 else f"{ms / 1000:.1f} s"


def format_file_size(size: int) -> str:
    """Return how large a file is."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"


#: The first sentence of the study page, by status; what it means stands beside it.
OUTCOMES: dict[Status, str] = {
    Status.FINDINGS: "Please look at what is listed. Each is a suspicion, not a diagnosis.",
    Status.NEGATIVE: "It was looked for and not found. This does not rule out disease.",
    Status.SORTED_ONLY: "The kind of image was recognised. No finding was looked for, so none can be ruled out.",
    Status.NOT_ANALYSED: "The cascade gives no answer for this image. Read it as if there were no AI.",
    Status.FAILED: "The analysis broke down. This says nothing about the image.",
    Status.QUEUED: "The analysis waits for its turn. The picture can be read meanwhile.",
    Status.RUNNING: "The analysis is at work. The picture can be read meanwhile.",
    Status.RECEIVING: "Images are still arriving. The analysis starts when they have stopped for a few seconds.",
}

#: What can be drawn over a picture: its name, its words, the key that switches it.
LAYERS = (
    ("box", "Boxes", "b"),
    ("mask", "Masks", "m"),
    ("heat", "Heat map", "h"),
    ("outline", "Outlined by readers", "l"),
)
