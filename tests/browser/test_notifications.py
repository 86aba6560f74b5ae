"""Notifications of the inbox, as phones show them: by a service worker, one for each chat.

Headless browsers show none, so the tests replace what shows them, and nothing else.
`tests/js/notification-worker.test.js` tests the clicks.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.people import until

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

PHONE_NOTIFICATIONS = """
    window.Notification = class {
        static permission = "granted";
        constructor() { throw new TypeError("Illegal constructor"); }
    };
    window.shown = new Map();
    Object.assign(ServiceWorkerRegistration.prototype, {
        async showNotification(title, { tag, body }) {
            const { pathname } = new URL(this.active.scriptURL);
            if (pathname !== "/dashboard/worker.js") throw new Error(pathname);
            window.shown.set(tag, { tag, body, close: () => window.shown.delete(tag) });
        },
        async getNotifications({ tag }) {
            return [...window.shown.values()].filter(one => one.tag === tag);
        },
    });
"""
"""In Chrome for Android pages cannot show notifications themselves."""

HIDE = """hidden => {
    const state = hidden ? "hidden" : "visible";
    Object.defineProperty(document, "visibilityState", { get: () => state, configurable: true });
    Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
    document.hasFocus = () => !hidden;
    document.dispatchEvent(new Event("visibilitychange"));
}"""

CLICK = """async conversation => {
    const [tab] = await clients.matchAll({ includeUncontrolled: true });
    tab.postMessage({ open: conversation });
}"""


@pytest.fixture
def anna(operator):
    """An operator with a phone whose browser may show notifications."""
    somebody = operator("anna", **PHONE)
    somebody.page.add_init_script(PHONE_NOTIFICATIONS)
    somebody.page.reload()
    somebody.is_connected()
    return somebody


def shows(person, *texts):
    """Wait for exactly these texts of notifications; return the conversations they are for."""
    until(person.page, f"window.shown.size === {len(texts)}")
    found = person.page.evaluate("[...window.shown.values()].map(({ body, tag }) => [body, tag])")
    assert [body for body, _tag in found] == list(texts)
    return [tag for _body, tag in found]


def test_a_phone_shows_one_notification_for_each_chat_until_it_is_read(vera, anna):
    anna.page.evaluate(HIDE, True)
    vera.opens()
    vera.write("Hello")
    shows(anna, "New message")
    vera.write("Is anybody there?")
    vera.write("My number is 4711")
    expect(anna.rows("mine")).to_contain_text("4711")
    [conversation] = shows(anna, "New message")

    [worker] = anna.page.context.service_workers
    worker.evaluate(CLICK, conversation)
    until(anna.page, f"location.hash === '#{conversation}'")
    shows(anna, "New message")
    anna.page.evaluate(HIDE, False)
    shows(anna)
    anna.reads("Hello", "Is anybody there?", "My number is 4711")


def test_a_notification_goes_when_a_colleague_closes_the_chat(vera, anna, ben):
    ben.chooses("busy")
    anna.page.evaluate(HIDE, True)
    vera.opens()
    vera.write("Hello")
    expect(ben.rows("team")).to_have_count(1)
    vera.write("Is anybody there?")
    shows(anna, "New message")

    ben.picks("team")
    ben.action("join").click()
    ben.closes()
    shows(anna)
