from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from gatera.web.access import Access
from gatera.web.app import make_app
from gatera.web.assets import asset_routes
from gatera.web.guard import Rules

PAGE = '<!doctype html><html lang="en"><title>t</title><link rel="icon" href="data:,"><h1>inside</h1></html>'


async def inside(request: Request) -> Response:
    return HTMLResponse(PAGE)


@pytest.fixture
def access() -> Access:
    return Access("correct-horse-battery")


@pytest.fixture
def address(serving, access) -> str:
    return serving(make_app([Route("/", inside), *asset_routes("gatera.web")], Rules(access=access)))


def test_a_person_signs_in_with_the_token(open_page, address):
    page = open_page(address, width=390)
    page.get_by_label("Token of this server").fill("wrong")
    page.keyboard.press("Enter")
    assert page.get_by_role("alert").inner_text().startswith("Wrong token, or a link that was already used")
    page.get_by_label("Token of this server").fill("correct-horse-battery")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="inside").wait_for()
    assert page.watched.strangers == []


def test_a_person_signs_in_from_another_machine_without_https(open_page, serving, access):
    rules = Rules(access=access, hosts=frozenset({"gatera.test"}))
    address = serving(make_app([Route("/", inside), *asset_routes("gatera.web")], rules))
    page = open_page(address.replace("127.0.0.1", "gatera.test"))
    page.get_by_label("Token of this server").fill("correct-horse-battery")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="inside").wait_for(timeout=5_000)


def test_a_link_opens_the_page_in_spanish_or_english(open_page, address, access):
    page = open_page(f"{address}?key=used", locale="es-ES")
    page.get_by_role("heading", name="Entrar").wait_for()
    page.goto(f"{address}?key={access.key()}")
    page.get_by_role("heading", name="inside").wait_for(timeout=5_000)
    assert page.url == address


def test_a_link_on_a_page_of_another_site_opens_the_page(open_page, address, access, site):
    """In a webmail or a chat: with SameSite=Strict the link was used up, and the form asked for the token."""
    folder, elsewhere = site
    mail = elsewhere.replace("127.0.0.1", "gatera.test") + "mail.html"
    (folder / "mail.html").write_text(
        f'<a href="{address}?key={access.key()}">new</a> <a href="{address}">again</a>'
    )
    page = open_page()
    for link in ("new", "again"):
        page.goto(mail)
        page.get_by_role("link", name=link).click()
        page.get_by_role("heading", name="inside").wait_for(timeout=5_000)


def test_a_link_opens_the_page_without_javascript(open_page, address, access):
    page = open_page(f"{address}?key={access.key()}", java_script_enabled=False)
    assert page.get_by_role("heading", name="Your link").is_visible()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="inside").wait_for(timeout=5_000)


def test_a_link_that_is_loaded_behind_another_tab_waits_until_it_is_seen(open_page, address, access):
    page = open_page()
    page.add_init_script(
        """Object.defineProperty(document, "visibilityState", { get: () => window.seen ? "visible" : "hidden" });"""
    )
    page.goto(f"{address}?key={access.key()}")
    page.wait_for_load_state("networkidle")
    assert page.get_by_role("heading", name="Your link").is_visible()
    page.evaluate("window.seen = true; document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_role("heading", name="inside").wait_for(timeout=5_000)


def test_back_from_the_page_of_a_link_leads_to_no_form(open_page, address, access):
    page = open_page("data:text/html,before")
    page.goto(f"{address}?key={access.key()}")
    page.get_by_role("heading", name="inside").wait_for(timeout=5_000)
    page.goto(f"{address}?page=2")
    page.go_back()
    page.get_by_role("heading", name="inside").wait_for(timeout=5_000)
