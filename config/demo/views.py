"""Pages of the demo shop. They know of the chat only what a customer's page would: its snippet."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.demo.data import CHANNEL_SLUG
from livechat.models import Channel


@dataclass(frozen=True)
class Tea:
    name: str
    origin: str
    price: str
    note: str
    tone: str


TEAS = (
    Tea("Morning Assam", "Assam, India", "€ 9.80", "Malt, honey, a strong start.", "amber"),
    Tea("Cloud Sencha", "Shizuoka, Japan", "€ 14.50", "Spinach, sea breeze, spring.", "green"),
    Tea("Iron Goddess", "Anxi, China", "€ 16.90", "Orchid and butter; five infusions.", "jade"),
    Tea("Rooibos Noon", "Cederberg, South Africa", "€ 7.20", "Vanilla, no caffeine.", "rust"),
    Tea("First Flush", "Darjeeling, India", "€ 18.00", "Muscat and mountain air.", "gold"),
    Tea("Smoked Pine", "Wuyi, China", "€ 12.40", "A camp fire in a cup.", "smoke"),
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return _page(request, "demo/home.html", {"teas": TEAS[:3]})


@require_safe
def shop(request: HttpRequest) -> HttpResponse:
    return _page(request, "demo/shop.html", {"teas": TEAS})


def _page(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    channel = Channel.objects.active().filter(slug=CHANNEL_SLUG).first()
    return render(request, template, {**context, "channel": channel})
