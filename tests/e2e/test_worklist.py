"""The worklist under a hand: it fills by itself and moves nothing from under the pointer."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.serving import Stage


def order(page: Page) -> list[str | None]:
    """Return the ids of the rows, from the top."""
    return [row.get_attribute("id") for row in page.locator(".worklist tbody").all()]


def test_rows_are_walked_and_opened_by_key(visit: Open) -> None:
    with visit() as page:
        page.keyboard.press("j")
        first = page.locator(".worklist .person").first
        expect(first).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("k")
        expect(first).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/studies/**")


def test_a_click_anywhere_on_a_row_opens_its_study(visit: Open) -> None:
    with visit() as page:
        row = page.locator(".worklist tbody").first
        study = str(row.get_attribute("id")).removeprefix("study-")
        row.locator(".arrived").click()
        page.wait_for_url(f"**/studies/{study}/")


def test_searching_keeps_the_words_out_of_the_address(visit: Open) -> None:
    with visit() as page:
        page.keyboard.press("/")
        page.keyboard.type("beispiel")
        page.keyboard.press("Enter")
        expect(page.locator(".worklist tbody")).to_have_count(1)
        assert "beispiel" not in page.url.lower()
        page.locator("#chip-words").click()
        expect(page.locator("#chip-words")).to_have_count(0)


def test_news_comes_by_itself_and_waits_while_a_hand_is_in_the_table(visit: Open, stage: Stage) -> None:
    with visit() as page:
        before = order(page)
        page.locator(".worklist tbody").nth(3).hover()
        page.mouse.move(500, 520)
        stage.happens("urgent")
        button = page.locator(".held button")
        expect(button).to_have_text("1 new, 1 to look at first: show")
        assert order(page) == before
        button.click()
        expect(page.locator(".worklist tbody")).to_have_count(len(before) + 1)
        assert set(before) < set(order(page))
        page.mouse.move(5, 5)
        stage.happens("urgent")
        expect(page.locator(".worklist tbody")).to_have_count(len(before) + 2)


def test_the_page_asks_for_news_without_being_loaded_again(visit: Open) -> None:
    with visit() as page:
        page.evaluate("window.isTheSamePage = true")
        for _ in range(2):
            with page.expect_response(lambda answer: "/worklist/rows/" in answer.url and answer.status == 204):
                pass
        assert page.evaluate("window.isTheSamePage")


def test_a_row_under_the_hand_is_renewed_in_place(visit: Open, stage: Stage) -> None:
    stage.happens("running")
    with visit() as page:
        row = page.locator(".worklist tbody", has_text="Nachher, Nora").last
        expect(row).to_contain_text("Running")
        row.hover()
        before = order(page)
        stage.happens("finish")
        expect(row).to_contain_text("Nothing found")
        assert order(page) == before


def test_the_focus_stays_where_it_is_when_news_comes(visit: Open, stage: Stage) -> None:
    with visit() as page:
        person = page.locator(".worklist .person").nth(2)
        identity = person.get_attribute("id")
        person.focus()
        rows = page.locator(".worklist tbody")
        count = rows.count()
        stage.happens("urgent")
        expect(rows).to_have_count(count + 1)
        assert page.evaluate("document.activeElement.id") == identity


def test_a_session_that_is_over_leads_to_signing_in(visit: Open, stage: Stage) -> None:
    with visit() as page:
        page.context.clear_cookies()
        stage.happens("urgent")
        page.wait_for_url("**/sign-in/**")
