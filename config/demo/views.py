"""Pages of the demo shop. Like a customer's pages, they only contain the widget's snippet.

The bar above them is not part of the shop. It says what the chat does on the page, and lets the
visitor choose a country, which the query string carries from page to page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from config.demo import catalogue, countries, demo_bar, second_site
from config.demo.data import CHANNEL_SLUG
from livechat.models import Channel

FAVOURITES = catalogue.TEAS[:3]


@dataclass(frozen=True)
class Question:
    """A step of the tea finder. `step` is the end of its address; `key` names the choice."""

    step: str
    key: str
    following: str
    title: str
    choices: tuple[tuple[str, str, str], ...]


QUESTIONS = (
    Question(
        step="",
        key="time",
        following="mood",
        title="When will you drink it?",
        choices=(
            ("morning", "In the morning", "Before the first meeting."),
            ("afternoon", "In the afternoon", "During a break."),
            ("evening", "In the evening", "Before I go to sleep."),
        ),
    ),
    Question(
        step="mood",
        key="mood",
        following="strength",
        title="What effect would you like?",
        choices=(
            ("awake", "Wake me up", "Gently, but soon."),
            ("calm", "Calm me down", "I want to relax."),
            ("curious", "Surprise me", "I know the usual teas."),
        ),
    ),
    Question(
        step="strength",
        key="strength",
        following="result",
        title="How strong should it be?",
        choices=(
            ("light", "Light", "Pale and delicate."),
            ("medium", "In between", "Full of taste, but mild."),
            ("strong", "Strong", "Dark and intense."),
        ),
    ),
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return _page(request, "Home", "demo/home.html", {"teas": FAVOURITES})


@require_safe
def shop(request: HttpRequest) -> HttpResponse:
    return _page(request, "Teas", "demo/shop.html", {"teas": catalogue.TEAS})


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    tea = catalogue.tea(slug)
    if tea is None:
        raise Http404
    others = [other for other in catalogue.TEAS if other != tea][:3]
    context = {"tea": tea, "teas": others, "counts": range(1, 6)}
    return _page(request, tea.name, "demo/product.html", context)


@require_safe
def finder(request: HttpRequest, step: str = "") -> HttpResponse:
    """The same page for all steps; the browser shows the one that the address names."""
    steps = [*(question.step for question in QUESTIONS), "result"]
    if step not in steps:
        raise Http404
    channel = _channel()
    base = reverse("demo-finder")
    country = countries.country(request.GET.get("from", ""))
    behaviours = {
        each: demo_bar.behaviour(channel, request.build_absolute_uri(base + each), country)
        for each in steps
    }
    context = {
        "questions": [(question, behaviours[question.step]) for question in QUESTIONS],
        "result": behaviours["result"],
        "step": step,
        "base": base,
        "teas": catalogue.TEAS,
    }
    return _page(request, "Tea finder", "demo/finder.html", context)


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    context = {"boxes": catalogue.BOXES, "wholesale": catalogue.WHOLESALE}
    return _page(request, "Pricing", "demo/pricing.html", context)


@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    return _page(request, "Contact", "demo/contact.html", {})


@require_safe
def checkout(request: HttpRequest) -> HttpResponse:
    """The basket in the query string; without one, an example."""
    wanted = catalogue.line(request.GET.get("item", ""), request.GET.get("count", ""))
    line = wanted or catalogue.Line(FAVOURITES[0], 1)
    context = {"line": line, "is_example": wanted is None}
    return _page(request, "Checkout", "demo/checkout.html", context)


@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    return _page(request, "Thank you", "demo/thanks.html", {})


def _page(
    request: HttpRequest, name: str, template: str, context: Mapping[str, object]
) -> HttpResponse:
    channel = _channel()
    country = countries.country(request.GET.get("from", ""))
    carried = {"from": country.code} if country else {}
    shared = {
        "channel": channel,
        "name": name,
        "country": country,
        "countries": countries.COUNTRIES,
        "carried": f"?{urlencode(carried)}" if carried else "",
        "also_carried": f"&{urlencode(carried)}" if carried else "",
        "kept": [(key, value) for key, value in request.GET.items() if key != "from"],
        "behaviour": demo_bar.behaviour(channel, request.build_absolute_uri(), country),
        "second_site": second_site.running_at(),
    }
    return render(request, template, {**shared, **context})


def _channel() -> Channel | None:
    return Channel.objects.active().filter(slug=CHANNEL_SLUG).first()
