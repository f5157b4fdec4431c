"""A whole shift: two readers and an adjudicator, from arrival to hand-over, with a lost line and a crashed tab."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, report_left
from tests.e2e.serving import ACCOUNTS, Stage, served_copy
from tests.phantoms import dicom

WHO = "Phantom, Petra"


@pytest.fixture
def stage(scene: Path, tmp_path: Path) -> Iterator[Stage]:
    """A scene of this shift's own: what is signed stays signed."""
    with served_copy(scene, tmp_path / "scene") as stage:
        yield stage


class Shift:
    """One study, and the hands that it goes through."""

    def __init__(self, kept: Path) -> None:
        self.kept = kept
        self.study = ""
        self.pictures = 0

    def look(self, page: Page, name: str) -> None:
        """Keep a picture of a state."""
        self.pictures += 1
        page.screenshot(path=self.kept / f"shift-{self.pictures:02}-{name}.png", caret="initial")

    def opened(self, page: Page, *, asks: bool = False) -> None:
        """Open the study, which takes it in hand; an administrator asks for it."""
        page.goto(self.study)
        page.locator("#slice[href]").wait_for(state="attached")
        if asks:
            page.get_by_role("button", name="Claim").click()
        expect(page.locator("#held.mine")).to_be_visible()

    def says(self, page: Page, number: int, key: str) -> None:
        """Say something of one finding by key."""
        item = page.locator(f".findings > li:has(#finding-{number})")
        item.locator(".finding").press(key)
        if key == "d":
            item.get_by_label("Artefact").check()
            item.locator("button[value=disagree]").click()


def arrived(page: Page, shift: Shift, folder: Path) -> None:
    """A study is sent by hand and stands in the list; another one, that the AI calls critical, stands above it."""
    page.goto("/upload/")
    sent = dicom.saved(dicom.image(PatientName="Neu^Nora", PatientID="N-1", Modality="CT"), folder / "nora.dcm")
    page.locator("#files").set_input_files([sent])
    expect(page.locator("#tally")).to_contain_text("all done")
    page.goto("/")
    expect(page.locator(".worklist tbody", has_text="Neu, Nora")).to_be_visible()
    first = page.locator(".worklist tbody").first
    expect(first).to_contain_text(WHO)
    shift.study = first.locator(".person").get_attribute("href") or ""
    shift.look(page, "worklist")


def first_reads(page: Page, shift: Shift) -> None:
    """The first reader asks for a second, loses the line in the midst of it, and nothing that was said is lost."""
    shift.opened(page)
    page.get_by_role("button", name="Ask for a second reader").click()
    expect(page.locator("#held")).to_contain_text("two readers, blinded to each other")
    page.wait_for_load_state()  # the keys of this page are bound
    shift.says(page, 1, "a")
    expect(page.locator("li:has(#finding-1) .verdict-said")).to_contain_text("Agreed")
    page.context.set_offline(True)
    shift.says(page, 2, "d")
    expect(page.locator(".unsent")).to_contain_text("Not saved yet: Disagree")
    shift.look(page, "lost-line")
    page.context.set_offline(False)
    expect(page.locator("li:has(#finding-2) .verdict-said")).to_contain_text("Disagreed: Artefact")
    expect(page.locator(".unsent")).to_have_count(0)
    shift.look(page, "first-reader")
    page.keyboard.press("Shift+N")
    expect(page.locator(".messages")).to_contain_text("Your read is saved: a second reader reads it.")


def second_reads(page: Page, shift: Shift) -> None:
    """The second sees nothing of the first, and differs."""
    shift.opened(page)
    expect(page.locator(".verdict-said")).to_have_count(0)
    for number in (1, 2):
        shift.says(page, number, "a")
        expect(page.locator(f"li:has(#finding-{number}) .verdict-said")).to_contain_text("Agreed")
    page.keyboard.press("Shift+N")
    expect(page.locator(".messages")).to_contain_text("Your read is saved: a third reader adjudicates.")


def third_decides_and_signs(page: Page, shift: Shift) -> str:
    """The third has both before them, tells the surgeon, writes, loses the tab, and signs what was written."""
    shift.opened(page, asks=True)
    expect(page.locator(".reads")).to_contain_text("one calls it real, the other does not")
    shift.says(page, 1, "a")
    shift.says(page, 2, "d")
    expect(page.locator("li:has(#finding-2) .verdict-said").first).to_contain_text("You: Disagreed")
    shift.look(page, "adjudicator")
    told(page, shift)
    page.keyboard.press("r")
    page.wait_for_url("**/report/")
    expect(page.get_by_label("Findings")).to_have_value(re.compile("Suspected brain tumour"))
    page.get_by_label("Impression").fill("Mass of the left side.")
    report, context = page.url, page.context
    page.close()  # the tab crashes before the server has it

    again = context.new_page()
    again.goto(report)
    expect(again.get_by_label("Impression")).to_have_value("Mass of the left side.")
    shift.look(again, "restored")
    again.keyboard.press("Shift+S")
    expect(again.get_by_label("Your password")).to_be_focused()
    again.keyboard.type(ACCOUNTS["admin"][1])
    again.keyboard.press("Enter")
    report_left(again)
    again.goto(report)
    expect(again.locator(".signature")).to_contain_text("I have read the images and answer for this report.")
    again.get_by_role("button", name="Verify").click()
    expect(again.locator("#verified")).to_contain_text("The signature holds.")
    shift.look(again, "signed")
    return report


def told(page: Page, shift: Shift) -> None:
    """A critical result is called through and read back."""
    page.locator("body").press("c")
    page.keyboard.type("Tumour with mass effect.")
    page.keyboard.press("Enter")
    panel = page.locator("#criticals")
    expect(panel).to_contain_text("Not notified yet")
    page.keyboard.press("c")
    page.keyboard.type("Dr Weiss, surgeon on call")
    panel.get_by_label("Read back").check()
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("1 critical result read back or withdrawn")
    shift.look(page, "critical")


def discrepancy_acknowledged(page: Page, shift: Shift) -> None:
    """What the AI said and the report does not is looked at by somebody who did not sign."""
    page.goto("/discrepancies/")
    row = page.locator(".queue li", has_text="AI yes, report no").first
    row.get_by_placeholder("What follows from it?").fill("Artefact, as both who disagreed say.")
    row.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("all discrepancies are acknowledged")).to_be_visible()
    page.goto("/discrepancies/?show=done")
    shift.look(page, "discrepancy")


def addendum_signed(page: Page, shift: Shift, report: str) -> None:
    """What is added later supersedes nothing of what was signed."""
    page.goto(f"{report}?write")
    page.locator("textarea").first.fill("The patient was operated on the same night.")
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_label("Your password")).to_be_focused()
    page.keyboard.type(ACCOUNTS["senior"][1])
    page.keyboard.press("Enter")
    expect(page.locator(".signature")).to_contain_text("senior")
    page.goto(f"{report}1/")
    expect(page.get_by_text("Superseded by version 2")).to_be_visible()
    expect(page.locator(".signed")).to_contain_text("Mass of the left side.")
    shift.look(page, "superseded")


def handed_over(leaver: Page, comer: Page, shift: Shift) -> None:
    """The shift ends as an object that the next reader accepts."""
    leaver.goto("/hand-over/")
    leaver.get_by_label("Note").fill("Petra is in theatre.")
    leaver.get_by_role("button", name="Hand over").click()
    leaver.wait_for_url("**/hand-over/*/")
    comer.goto("/")
    expect(comer.get_by_text("Hand-over from clinician").first).to_be_visible()
    comer.get_by_role("link", name="Review and accept").first.click()
    comer.wait_for_url("**/hand-over/*/")
    expect(comer.get_by_text("Petra is in theatre.")).to_be_visible()
    comer.keyboard.press("a")
    expect(comer.get_by_text("Accepted by senior")).to_be_visible()
    shift.look(comer, "handed-over")


def test_a_whole_shift(visit: Open, stage: Stage, tmp_path: Path, pictures_kept: Path) -> None:  # noqa: ARG001
    shift = Shift(pictures_kept)
    with (
        visit(quietly=False) as first,
        visit(role="senior") as second,
        visit(role="admin", quietly=False) as third,
    ):
        arrived(first, shift, tmp_path)
        first_reads(first, shift)
        second_reads(second, shift)
        report = third_decides_and_signs(third, shift)
        discrepancy_acknowledged(second, shift)
        addendum_signed(second, shift, report)
        handed_over(first, second, shift)
