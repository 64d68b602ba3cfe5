from __future__ import annotations

import json
import re
import socket
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from gatera.core.errors import ArgumentError, DataError
from gatera.web.access import Access, given_token
from gatera.web.app import make_app
from gatera.web.assets import asset_routes
from gatera.web.guard import Rules, host_name, hosts_for

TOKEN = "correct-horse-battery"


async def echo(request: Request) -> Response:
    return Response(await request.body())


async def fail(request: Request) -> Response:
    raise {"data": DataError("row 3 is empty", got="", remedy="Fill it."), "argument": ArgumentError("no"),
           "bug": ZeroDivisionError("a secret"), "disk": OSError(28, "No space left on device", "/secret")}[request.path_params["how"]]  # fmt: skip


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


ROUTES = [
    Route("/", hello),
    Route("/echo", echo, methods=["POST"]),
    Route("/other", echo, methods=["POST"]),
    Route("/fail/{how}", fail),
    Route("/health/live", hello),
    Route("/v2/health/ready", hello),
    *asset_routes("gatera.web"),
]


def client(rules: Rules | None = None, said: list[str] | None = None, **options: Any) -> TestClient:
    app = make_app(ROUTES, rules, complain=None if said is None else said.append)
    return TestClient(app, base_url="http://127.0.0.1:8000", **options)


def problem(response: Any) -> dict[str, Any]:
    return response.json()["error"]


def test_errors_are_json_in_the_parts_of_ours():
    answer = client().get("/fail/data")
    assert answer.status_code == 422
    assert problem(answer) == {
        "message": "row 3 is empty. Got: ''. Fill it.", "problem": "row 3 is empty", "got": "''", "next": "Fill it.",
    }  # fmt: skip
    assert client().get("/fail/argument").status_code == 400


def test_what_fails_inside_is_a_500_without_its_text_and_one_line_for_the_person_who_runs_it():
    said: list[str] = []
    answer = client(said=said).get("/fail/bug")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert said == ["GET /fail/bug failed (ZeroDivisionError: a secret)"]


def test_a_full_disk_is_said_to_both():
    said: list[str] = []
    answer = client(said=said).get("/fail/disk")
    assert (answer.status_code, problem(answer)["problem"]) == (
        507, "the server has no room on its disk (No space left on device)"
    )  # fmt: skip
    assert said == ["GET /fail/disk failed (/secret: No space left on device)"]


@pytest.mark.parametrize(("version", "status"), [("1.0", b"200"), ("1.1", b"421")])
def test_a_probe_of_http_1_0_needs_no_host(serving, version, status):
    where = urlsplit(serving(make_app(ROUTES)))
    with socket.create_connection((where.hostname, where.port), 5) as sender:
        sender.sendall(f"GET /health/live HTTP/{version}\r\nConnection: close\r\n\r\n".encode())
        assert sender.recv(100).split()[1] == status


def test_unknown_paths_and_methods_say_what_there_is():
    answer = client().get("/ecko")
    assert (answer.status_code, problem(answer)["next"]) == (404, "Did you mean '/echo'?")
    answer = client().get("/echo")
    assert (answer.status_code, answer.headers["allow"], problem(answer)["expected"]) == (405, "POST", "POST")


def test_a_foreign_host_name_is_refused():
    assert client().get("/", headers={"Host": "evil.example"}).status_code == 421
    assert client().get("/", headers={"Host": "localhost:8000"}).text == "hello"
    assert client().get("/", headers={"Host": "[::1]:8000"}).text == "hello"
    assert (
        client(Rules(hosts=hosts_for("127.0.0.1", ["cats.example"])))
        .get("/", headers={"Host": "cats.example"})
        .is_success
    )
    assert client(Rules(hosts=hosts_for("0.0.0.0"))).get("/", headers={"Host": "any"}).is_success
    assert hosts_for("10.0.0.7", ["a.b:80"]) >= {"a.b", "10.0.0.7"}
    # no token is needed there, so nothing else keeps out a page whose name was made to mean this address
    assert hosts_for("127.0.1.1") == {"127.0.1.1", "127.0.0.1", "::1", "localhost"}
    assert host_name("") == ""


@pytest.mark.parametrize("options", [True, False])
def test_options_are_recommended_where_the_command_has_them(options):
    """The studio has no --host-name and no --allow-origin."""
    rules = Rules(more_by_options=options)
    host = client(rules).get("/", headers={"Host": "evil.example"})
    site = client(rules).post("/echo", content=b"x", headers={"Origin": "https://evil.example"})
    assert (host.status_code, site.status_code) == (421, 403)
    assert ("--host-name" in host.text, "--allow-origin" in site.text) == (options, options)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:8000"}, 200),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://behind.proxy", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),  # a proxy took Origin off
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 200),
    ],
)
def test_pages_of_other_sites_may_not_send(headers, status):
    assert client().post("/echo", content=b"x", headers=headers).status_code == status


def test_a_site_that_is_allowed_may_ask_and_read_the_answer():
    rules = Rules(origins=frozenset({"https://shop.example"}))
    preflight = client(rules).options("/echo", headers={"Origin": "https://shop.example"})
    assert preflight.status_code == 204
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    answer = client(rules).post("/echo", content=b"x", headers={"Origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert (
        answer.headers["access-control-expose-headers"] == "*"
    )  # else its scripts cannot read gatera-program
    assert client(rules).post("/echo", headers={"Origin": "https://shop.example.evil"}).status_code == 403


def test_every_answer_has_the_policy():
    for answer in (client().get("/"), client().get("/fail/bug"), client().get("/nothing")):
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_body_is_refused_by_its_length_and_while_it_is_read():
    small = client(Rules(body_limit=10))
    assert small.post("/echo", content=b"0123456789").content == b"0123456789"
    assert small.post("/echo", content=b"0123456789a").status_code == 413

    def parts():
        yield from [b"01234", b"56789"]
        yield b"a"

    assert small.post("/echo", content=parts()).status_code == 413
    assert small.post("/echo", content=iter([b"01234", b"56789"])).content == b"0123456789"


@pytest.mark.parametrize(
    ("kind", "path", "status"),
    [
        ("lines/x", "/echo", 200),
        ("Lines/X; charset=utf-8", "/echo", 200),
        ("lines/xy", "/echo", 413),
        ("lines/x", "/other", 413),
    ],
)
def test_bodies_of_any_size_are_only_taken_where_they_are_read_in_pieces(kind, path, status):
    asked = client(Rules(body_limit=10, streams="lines/x", streams_at="/echo"))
    assert asked.post(path, content=b"12345678901", headers={"content-type": kind}).status_code == status


def test_a_token_is_asked_for_in_the_header():
    guarded = client(Rules(access=Access(TOKEN)))
    answer = guarded.get("/")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="gatera"')
    assert guarded.get("/", headers={"Authorization": f"Bearer {TOKEN}"}).text == "hello"
    assert guarded.get("/", headers={"Authorization": f"bearer {TOKEN}"}).text == "hello"
    for wrong in (f"Bearer {TOKEN}x", "Bearer", f"Basic {TOKEN}", "", "Bearer \xff"):
        assert guarded.get("/", headers=[("Authorization", wrong.encode("latin-1"))]).status_code == 401, (
            wrong
        )
    for path in ("/health/live", "/v2/health/ready"):  # probes have no token
        assert guarded.get(path).text == "hello"
    assert guarded.get("/static/base.css").is_success


def test_a_link_works_once_and_gives_a_cookie_that_other_sites_do_not_send():
    access = Access(TOKEN)
    guarded = client(Rules(access=access), follow_redirects=False)
    page = {"Accept": "text/html"}
    key = access.key()
    shown = guarded.get(f"/?key={key}", headers=page)
    assert (shown.status_code, "set-cookie" in shown.headers) == (200, False)
    assert f'name="key" value="{key}"' in shown.text
    answer = guarded.post("/sign-in", data={"key": key})
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    assert "SameSite=Lax" in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert TOKEN not in answer.headers["set-cookie"]
    assert guarded.get("/").text == "hello"  # with the cookie
    assert guarded.post("/sign-in", data={"key": key}).status_code == 303  # a second tab of this browser
    other = client(Rules(access=access), follow_redirects=False)
    for again in (other.get(f"/?key={key}", headers=page), other.post("/sign-in", data={"key": key})):
        assert again.status_code == 401
        assert 'id="wrong" role' in again.text.replace(' class="bad"', "")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"Accept": "text/html", "User-Agent": "Slackbot-LinkExpanding 1.0"}),
        ("HEAD", {"Accept": "text/html"}),
        ("GET", {"Accept": "text/html", "Sec-Purpose": "prefetch", "Sec-Fetch-Mode": "navigate"}),
        ("GET", {"Accept": "*/*"}),
        ("OPTIONS", {}),
    ],
)
def test_to_look_at_a_link_does_not_use_it_up(method, headers):
    """Chat programs fetch it for a preview, scanners of mail, browsers that load ahead: before its person does."""
    access = Access(TOKEN)
    key = access.key()
    for _ in range(2):
        looked = client(Rules(access=access)).request(method, f"/?key={key}", headers=headers)
        assert "set-cookie" not in looked.headers
    assert client(Rules(access=access)).post("/sign-in", data={"key": key}).text == "hello"


@pytest.mark.parametrize("key", ["", "ñ", "\ud800", '"><script>', "x" * 9_000, "\x00"])
def test_any_text_may_stand_for_a_key(key):
    asked = client(Rules(access=Access(TOKEN)))
    page = asked.get("/", params={"key": key.encode("utf-8", "replace")}, headers={"Accept": "text/html"})
    assert (page.status_code, "<script>" in page.text) == (401, False)
    sent = asked.post("/sign-in", data={"key": key.encode("utf-8", "replace")})
    assert (sent.status_code, "set-cookie" in sent.headers) == (401, False)


def test_the_form_takes_the_token():
    guarded = client(Rules(access=Access(TOKEN)), follow_redirects=False)
    assert 'id="wrong" hidden' in guarded.get("/", headers={"Accept": "text/html"}).text
    wrong = guarded.post("/sign-in", data={"token": "no"})
    assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
    assert guarded.post("/sign-in", content=b"token=" + b"x" * 200_000).status_code == 400
    assert guarded.post("/sign-in", data={"token": TOKEN}).status_code == 303
    assert guarded.get("/").text == "hello"
    forged = {"Cookie": f"{Access(TOKEN).cookie_name}={TOKEN}"}
    assert client(Rules(access=Access(TOKEN))).get("/", headers=forged).status_code == 401


@pytest.mark.parametrize("other", ['seen={"tour": 1}', "theme", "k=v, w", 'x="open', "a[b]=1", "=", ""])
def test_odd_cookies_of_another_program_on_this_machine_shut_nobody_out(other):
    access = Access(TOKEN)
    cookie = access.cookie(secure=False).partition(";")[0]
    assert access.allows(b"", f"{other}; {cookie}".encode())
    assert access.allows(b"", f"{cookie};{other}".encode())
    assert not access.allows(b"", f"{other}; {cookie}x; x{cookie}".encode())


def test_two_servers_on_one_machine_have_two_cookies():
    assert Access(TOKEN).cookie_name != Access(TOKEN + "2").cookie_name


def test_a_token_comes_from_the_environment_or_a_file(tmp_path, monkeypatch):
    monkeypatch.delenv("GATERA_TOKEN", raising=False)
    assert given_token() is None
    monkeypatch.setenv("GATERA_TOKEN", "from-the-environment")
    assert given_token() == "from-the-environment"
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert given_token(file) == TOKEN
    file.write_text(f"{TOKEN}\r\n", "utf-8-sig")  # as Windows' Notepad saves it
    assert given_token(file) == TOKEN
    for bad in ("short", "", "with a space inside", "añañañaña"):
        file.write_text(bad)
        with pytest.raises(ArgumentError, match="not usable"):
            given_token(file)
    with pytest.raises(ArgumentError, match="cannot be read"):
        given_token(tmp_path / "none")


def test_static_files_are_sent_once():
    answer = client().get("/static/base.css")
    assert answer.headers["content-type"].startswith("text/css")
    again = client().get("/static/base.css", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/none.js", "/static/"):
        assert client().get(path).status_code == 404, path


def test_text_that_is_not_unicode_is_still_json():
    answer = client().get("/fail/data", headers={"Host": "\udc80".encode("utf-8", "surrogatepass")})
    assert json.loads(answer.content)["error"]["problem"].startswith("the Host header")


@pytest.mark.parametrize("prefix", ["", "/lab"])
@pytest.mark.parametrize("by", ["key", "token"])
@pytest.mark.parametrize(
    "wanted",
    [
        "?as=Ana%26Bo&lang=es",
        "?program=b",
        "docs",
        "programs/a/card?x=",
        "a%20b",
        "?q=%22%3E%3Cb",
        f"?q={'%C3%B1' * 4000}",
    ],
)
def test_who_signs_in_comes_to_the_page_that_was_asked_for(wanted, by, prefix):
    """A page of the studio names its person: without that name, the labels were those of another one."""
    access = Access(TOKEN)
    guarded = client(Rules(access=access), follow_redirects=False, root_path=prefix)
    given = {"key": access.key()} if by == "key" else {"token": TOKEN}
    link = wanted + (f"{'&' if '?' in wanted else '?'}key={given['key']}" if by == "key" else "")
    page = guarded.get(f"{prefix}/{link}", headers={"Accept": "text/html"}).text
    up = "../" * wanted.partition("?")[0].count("/")
    assert f'action="{up}sign-in"' in page
    assert f'src="{up}static/' in page
    kept = unescape(re.search('name="wanted" value="([^"]*)"', page)[1])
    if by == "token":  # a wrong one, first
        again = guarded.post(f"{prefix}/sign-in", data={"token": "no", "wanted": kept}).text
        assert unescape(re.search('name="wanted" value="([^"]*)"', again)[1]) == kept
    answer = guarded.post(f"{prefix}/sign-in", data={**given, "wanted": kept})
    assert (answer.status_code, answer.headers["location"]) == (303, f"./{wanted}")


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "a\r\nSet-Cookie: x=y"]
)
def test_signing_in_leads_to_no_other_site(wanted):
    asked = client(Rules(access=Access(TOKEN)), follow_redirects=False)
    answer = asked.post("/sign-in", data={"token": TOKEN, "wanted": wanted})
    there = urljoin("http://testserver/lab/sign-in", answer.headers["location"])
    assert urlsplit(there).hostname == "testserver"
    assert len(answer.headers.get_list("set-cookie")) == 1
