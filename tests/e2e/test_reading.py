"""Two people and one case: the next one by key, a lock that both see, a take-over, read and next."""

from playwright.sync_api import expect

from tests.e2e.conftest import Open


def test_a_case_is_claimed_by_opening_it_taken_over_with_a_note_and_read_by_key(visit: Open) -> None:
    with visit() as page, visit(role="admin") as other:
        waiting = page.locator("#chip-all b").inner_text()
        page.keyboard.press("n")
        page.wait_for_url("**/studies/**")
        expect(page.locator("#held")).to_contain_text("Assigned to you")

        other.goto(page.url)
        expect(other.locator("#held")).to_contain_text("clinician is reading this study")
        other.get_by_label("Note for clinician").fill("The surgeon waits.")
        other.get_by_role("button", name="Take over").click()
        expect(other.locator("#held")).to_contain_text("Assigned to you")
        other.wait_for_load_state()  # its keys are bound
        page.reload()
        expect(page.locator("#held")).to_contain_text("admin is reading this study")

        first = other.url
        other.keyboard.press("Shift+N")
        other.wait_for_url(lambda address: "/studies/" in address and address != first)
        page.goto("/")
        expect(page.locator("#chip-all b")).to_have_text(str(int(waiting) - 1))


def test_a_priority_is_changed_by_key_with_a_reason(visit: Open) -> None:
    with visit() as page:
        row = page.locator(".worklist tbody").last
        study = row.get_attribute("id")
        row.locator(".person").focus()
        page.keyboard.press("t")
        page.get_by_role("radio", name="STAT").check()
        page.get_by_label("Reason, shown to the next reader").fill("Fell from a ladder")
        page.keyboard.press("Enter")
        first = page.locator(".worklist tbody").first
        expect(first).to_contain_text("Fell from a ladder")
        assert first.get_attribute("id") == study
