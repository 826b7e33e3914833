"""The thread, walked in a real browser: a reporter on a phone, an analyst at a desk, in both languages.

Every page on the way is checked by axe, watched for requests to anywhere else and for errors in the console, and kept
as a picture under ``artefacts/``.
"""

import hashlib
import hmac
import os
import re
import struct
import time
from base64 import b32decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.installation import PASSWORD, Installation, installation

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ARTEFACTS = Path(__file__).parent.parent / "artefacts"
CHROMIUM = "/usr/bin/chromium"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 850}
SCAM = {
    "zh-CN": "【兼职】刷单返利,一单一结,日赚{}元,无需押金,加微信 wxid_demo{} 领取任务,名额有限。",
    "en-GB": "Part-time online job: like and rate products at home, earn {} USD a day, no experience. Complete sets of "
    "optimisation tasks, top up 20 USDT to unlock the next set of tasks and get your commission. Add me on WhatsApp "
    "+44 7700 9001{}.",
}
WORDS = {
    "zh-CN": {
        "check": "检查",
        "begins": "刷单返利",
        "looks": "很像骗局",
        "report": "举报这条消息",
        "waiting": "还没有答复：先不要相信这条消息",
        "is": "这是骗局：刷单返利",
        "take": "接手",
        "confirm": "确认",
        "answer": "不要垫付，马上退群。",
        "sign_in": "登录",
        "send": "发送",
        "empty": "请粘贴想要检查的消息。",
    },
    "en-GB": {
        "check": "Check",
        "begins": "Part-time online job",
        "looks": "This looks like a scam",
        "report": "Report this message",
        "waiting": "No answer yet: do not trust the message yet",
        "is": "This is a scam: Task scam",
        "take": "Take it up",
        "confirm": "Confirm",
        "answer": "Pay nothing and leave the group.",
        "sign_in": "Sign in",
        "send": "Send",
        "empty": "Paste the message that you would like to have checked.",
    },
}


@dataclass
class Walk:
    """One person in one browser window, with what to watch on every page."""

    page: Page
    name: str
    address: str
    step: int = 0

    def look(self, what: str) -> None:
        """Check the page for accessibility and for scrolling sideways, and keep its picture."""
        self.step += 1
        broken = Axe().run(self.page).response["violations"]
        assert not broken, [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in broken]
        wide = self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, f"{what} scrolls sideways"
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{self.name}-{self.step:02}-{what}.png", full_page=True)

    def go(self, path: str) -> None:
        """Open a page of the desk."""
        self.page.goto(f"{self.address}{path}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without any traffic of its own."""
    quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    quiet += ["--disable-sync", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, str]]:
    """An installation with its server running, second factor compulsory as in earnest."""
    with installation(tmp_path_factory.mktemp("browser") / "home") as made, made.served() as address:
        yield made, address


def open_window(
    browser: Browser, address: str, name: str, *, locale: str, size: dict[str, int], dark: bool = False
) -> Walk:
    """A fresh window that fails the test on foreign requests and on console errors."""
    context = browser.new_context(
        locale=locale,
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        is_mobile=size is PHONE,
        has_touch=size is PHONE,
    )
    page = context.new_page()
    page.on("request", lambda request: _assert_ours(request.url, address))
    page.on("console", lambda message: _assert_no_error(message.type, message.text))
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    return Walk(page, name, address)


def _assert_ours(url: str, address: str) -> None:
    assert url.startswith((address, "data:")), f"a page asked {url}"


def _assert_no_error(kind: str, text: str) -> None:
    # A page that answers 4xx on purpose is reported by the browser as a failed resource.
    assert kind != "error" or "Failed to load resource" in text, text


def totp(secret: str) -> str:
    """The code of an authenticator app now (RFC 6238: HMAC-SHA-1, 30 s, six digits)."""
    digest = hmac.new(b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def sign_in(walk: Walk, username: str, button: str) -> None:
    """Through the form, with the password."""
    walk.go("/account/login/")
    walk.page.locator("input[name=login]").fill(username)
    walk.page.locator("input[name=password]").fill(PASSWORD)
    walk.page.get_by_role("button", name=button, exact=True).click()


def set_up_authenticator(walk: Walk) -> None:
    """From the page that the desk leads to, as a new member does."""
    walk.go("/account/2fa/totp/activate/")
    secret = walk.page.locator("#authenticator_secret").input_value()
    walk.page.locator("input[name=code]").fill(totp(secret))
    walk.page.locator("main form button[type=submit]").click()
    expect(walk.page).to_have_url(re.compile("recovery-codes|2fa"))


def report_message(walk: Walk, text: str, words: dict[str, str]) -> str:
    """Paste, check, report; returns the receipt page's path."""
    walk.go("/check")
    walk.page.locator("textarea").fill(text)
    walk.page.get_by_role("button", name=words["check"], exact=True).click()
    expect(walk.page.get_by_role("heading", level=1)).to_have_text(re.compile(f"{words['looks']}|{words['is']}"))
    walk.look("verdict")
    walk.page.get_by_role("button", name=words["report"]).click()
    expect(walk.page).to_have_url(re.compile(r"/report/[0-9A-Z-]{23}$"))
    return walk.page.url.removeprefix(walk.address)


def decide_as_analyst(officer: Walk, member: str, words: dict[str, str]) -> None:
    """Sign in for the first time, set up the second factor, take the newest campaign up and confirm it."""
    sign_in(officer, member, words["sign_in"])
    officer.go("/desk/")
    expect(officer.page).to_have_url(re.compile("/account/2fa/"))
    officer.look("second-factor")
    set_up_authenticator(officer)
    officer.go("/desk/")
    officer.look("queue")
    officer.page.locator("td.lead a", has_text=words["begins"]).first.click()
    officer.look("campaign-new")
    officer.page.get_by_role("button", name=words["take"]).click()
    officer.look("campaign-in-review")
    officer.page.locator("#confirm_harm").select_option("task_scam")
    officer.page.locator("#confirm_reason").fill("Pays for fake orders.")
    officer.page.locator("#confirm_answer").fill(words["answer"])
    officer.page.get_by_role("button", name=words["confirm"], exact=True).click()
    expect(officer.page.locator(".toast-list")).to_be_visible()
    officer.look("campaign-confirmed")


@pytest.mark.parametrize(("locale", "dark"), [("zh-CN", False), ("en-GB", True)])
def test_the_thread_from_a_phone_to_the_desk_and_back(
    browser: Browser, desk: tuple[Installation, str], locale: str, dark: bool
) -> None:
    made, address = desk
    words = WORDS[locale]
    phone = open_window(browser, address, f"{locale}-phone", locale=locale, size=PHONE, dark=dark)
    phone.go("/")
    phone.look("home")
    phone.page.get_by_role("button", name=words["check"], exact=True).click()
    expect(phone.page.get_by_text(words["empty"])).to_be_visible()
    phone.look("empty")
    receipt = report_message(phone, SCAM[locale].format(300, 11), words)
    expect(phone.page.get_by_role("heading", name=words["waiting"])).to_be_visible()
    phone.page.locator("textarea").fill("<b>刚才又来了一条</b>")
    phone.page.get_by_role("button", name=words["send"]).click()
    expect(phone.page.get_by_text("<b>刚才又来了一条</b>")).to_be_visible()
    phone.look("receipt-waiting")

    officer = open_window(browser, address, f"{locale}-desk", locale=locale, size=DESK, dark=dark)
    decide_as_analyst(officer, "analyst" if locale == "zh-CN" else "second_analyst", words)

    phone.go(receipt)
    expect(phone.page.get_by_role("heading", name=words["is"])).to_be_visible()
    expect(phone.page.get_by_text(words["answer"])).to_be_visible()
    phone.look("receipt-answered")
    later = report_message(phone, SCAM[locale].format(500, 12), words)
    phone.go(later)
    expect(phone.page.get_by_text(words["answer"])).to_be_visible()

    made.run("work", "--once")
    phone.go("/figures")
    phone.look("figures")
    officer.go("/figures")
    officer.look("figures")
    for path in ("/charter", "/report/", "/account/login/", "/report/WRONG-00000"):
        phone.go(path)
        phone.look(path.strip("/").replace("/", "-"))
    phone.page.context.close()
    officer.page.context.close()


def test_the_whole_thread_by_keyboard_alone(browser: Browser, desk: tuple[Installation, str]) -> None:
    _, address = desk
    walk = open_window(browser, address, "keyboard", locale="en-GB", size=DESK)
    walk.go("/check")
    page = walk.page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("textarea")).to_be_focused()
    page.keyboard.type(SCAM["en-GB"].format(300, 11))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("scam"))
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == "Report this message":
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/report/[0-9A-Z-]{23}$"))
    page.context.close()


def press_until(page: Page, label: str) -> None:
    """Press Tab until what is focused says so, then Enter."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip().startswith(label):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"the keyboard does not reach {label!r}")


def test_an_analyst_decides_by_keyboard_alone_and_every_page_on_the_way_is_accessible(
    browser: Browser, desk: tuple[Installation, str]
) -> None:
    _, address = desk
    reporter = open_window(browser, address, "other-reporter", locale="en-GB", size=PHONE)
    receipt = report_message(
        reporter, "Parcel held: pay the 1.99 fee at http://parcel-fee.example/pay or it goes back.", WORDS["en-GB"]
    )
    walk = open_window(browser, address, "other", locale="en-GB", size=DESK)
    page = walk.page
    sign_in(walk, "third_analyst", "Sign in")
    set_up_authenticator(walk)
    for path in (
        "/account/2fa/",
        "/account/2fa/recovery-codes/",
        "/account/2fa/webauthn/",
        "/account/password/change/",
    ):
        walk.go(path)
        walk.look(path.strip("/").replace("/", "-"))
    walk.go("/desk/")
    press_until(page, "Parcel held")
    expect(page).to_have_url(re.compile("/desk/campaigns/"))
    press_until(page, "Take it up")
    expect(page.locator(".tag").first).to_have_text("in review")
    press_until(page, "Confirm")
    expect(page.locator(".field__error")).to_be_visible()
    walk.look("campaign-error")
    page.locator("#confirm_reason").focus()
    page.keyboard.type("No courier asks for this.")
    press_until(page, "Confirm")
    expect(page.locator(".toast-list")).to_be_visible()
    press_until(page, "This was wrong")
    page.locator("#reopen_reason").focus()
    page.keyboard.type("Once more.")
    press_until(page, "Look again")
    expect(page.locator(".tag").first).to_have_text("in review")
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    walk.look("campaign-on-a-phone")
    for path in ("/desk/?status=dormant", "/desk/campaigns/00000000-0000-4000-8000-000000000000", "/desk/"):
        walk.go(path)
        walk.look(re.sub(r"\W+", "-", path.strip("/")))
    reporter.go(receipt)
    expect(reporter.page.get_by_role("heading", name="No answer yet")).to_be_visible()
    reporter.go("/check")
    reporter.page.locator("textarea").fill("Dinner at seven? I will bring the salad.")
    reporter.page.get_by_role("button", name="Check", exact=True).click()
    reporter.look("quiet")
    walk.page.context.close()
    reporter.page.context.close()


def test_a_passkey_signs_in_without_a_password(browser: Browser, desk: tuple[Installation, str]) -> None:
    _, address = desk
    walk = open_window(browser, address, "passkey", locale="en-GB", size=DESK)
    _plug_in_passkey(walk.page.context, walk.page)
    sign_in(walk, "auditor", "Sign in")
    walk.go("/account/2fa/webauthn/add/")
    walk.page.locator("input[name=name]").fill("My key")
    walk.page.locator("input[name=passwordless]").check()
    walk.look("add-passkey")
    walk.page.locator("#mfa_webauthn_add").click()
    expect(walk.page).to_have_url(re.compile("recovery-codes|webauthn/$|2fa/$"))
    walk.go("/desk/")
    expect(walk.page.get_by_role("heading", name="Campaigns")).to_be_visible()
    walk.page.get_by_role("button", name="Sign out").click()
    walk.go("/account/login/")
    walk.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(walk.page).to_have_url(re.compile("/desk/$"))
    walk.page.context.close()


def _plug_in_passkey(context: BrowserContext, page: Page) -> None:
    tools = context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
