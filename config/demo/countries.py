"""The countries that a visitor of the demo can choose to appear in.

Their addresses are reserved for documentation and belong to no real host, so `countries.mmdb` in
this folder can assign countries to them. ``python -m docs.tools.demo_countries`` generates that
file from this module.
"""

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "countries.mmdb"


@dataclass(frozen=True)
class Country:
    """A country of the file, with its `networks`; `address` is in one of them."""

    code: str
    name: str
    networks: tuple[str, ...]
    address: str


COUNTRIES = (
    Country("BR", "Brazil", ("203.0.113.0/25", "2001:db8:55::/48"), "203.0.113.10"),
    Country("EG", "Egypt", ("203.0.113.128/25", "2001:db8:20::/48"), "203.0.113.138"),
    Country("FR", "France", ("198.51.100.128/25", "2001:db8:33::/48"), "198.51.100.138"),
    Country("DE", "Germany", ("198.51.100.0/25", "2001:db8:49::/48"), "198.51.100.10"),
    Country("JP", "Japan", ("192.0.2.0/25", "2001:db8:81::/48"), "192.0.2.10"),
    Country("US", "United States", ("192.0.2.128/25", "2001:db8:1::/48"), "192.0.2.138"),
)


def country(code: str) -> Country | None:
    """Return the country of this ISO code; None for any other text."""
    return next((country for country in COUNTRIES if country.code == code), None)
