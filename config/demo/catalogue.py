"""The products of the demo shop: teas by the tin, and monthly boxes."""

from dataclasses import dataclass

SHIPPING_CENTS = 390
FREE_SHIPPING_FROM_CENTS = 4_000
MAX_COUNT = 9


@dataclass(frozen=True)
class Tea:
    """A tea. `times`, `moods` and `strengths` list the tea finder's choices that it matches."""

    slug: str
    name: str
    origin: str
    cents: int
    note: str
    tone: str
    story: str
    degrees: int
    minutes: str
    infusions: int
    times: str
    moods: str
    strengths: str

    @property
    def price(self) -> str:
        return euros(self.cents)


@dataclass(frozen=True)
class Box:
    """A box of tea, delivered every month."""

    slug: str
    name: str
    cents: int
    note: str
    tone: str
    contents: tuple[str, ...]
    is_favourite: bool = False

    @property
    def price(self) -> str:
        return euros(self.cents)


@dataclass(frozen=True)
class Line:
    """The content of the basket: one product and its quantity."""

    thing: Tea | Box
    count: int

    @property
    def cents(self) -> int:
        return self.thing.cents * self.count

    @property
    def shipping_cents(self) -> int:
        is_free = isinstance(self.thing, Box) or self.cents >= FREE_SHIPPING_FROM_CENTS
        return 0 if is_free else SHIPPING_CENTS

    @property
    def price(self) -> str:
        return euros(self.cents)

    @property
    def shipping(self) -> str:
        return euros(self.shipping_cents) if self.shipping_cents else "free"

    @property
    def total(self) -> str:
        return euros(self.cents + self.shipping_cents)


def euros(cents: int) -> str:
    return f"€ {cents // 100}.{cents % 100:02}"


TEAS = (
    Tea(
        slug="morning-assam",
        name="Morning Assam",
        origin="Assam, India",
        cents=980,
        note="Malt, honey, a strong start.",
        tone="amber",
        story="Second flush from the river plain, rolled small so that it gives everything in four "
        "minutes. Takes milk without disappearing.",
        degrees=96,
        minutes="4 minutes",
        infusions=1,
        times="morning",
        moods="awake",
        strengths="strong medium",
    ),
    Tea(
        slug="cloud-sencha",
        name="Cloud Sencha",
        origin="Shizuoka, Japan",
        cents=1450,
        note="Spinach, sea breeze, spring.",
        tone="green",
        story="Picked in the first week of May on a slope that the mist leaves at noon, steamed "
        "the same day. Cooler water keeps it sweet.",
        degrees=75,
        minutes="2 minutes",
        infusions=3,
        times="afternoon morning",
        moods="calm awake",
        strengths="light",
    ),
    Tea(
        slug="iron-goddess",
        name="Iron Goddess",
        origin="Anxi, China",
        cents=1690,
        note="Orchid and butter; five infusions.",
        tone="jade",
        story="An oolong that unrolls from a pearl to a whole leaf in the pot. The third infusion "
        "is the one people remember.",
        degrees=90,
        minutes="3 minutes",
        infusions=5,
        times="afternoon",
        moods="curious calm",
        strengths="medium",
    ),
    Tea(
        slug="rooibos-noon",
        name="Rooibos Noon",
        origin="Cederberg, South Africa",
        cents=720,
        note="Vanilla, no caffeine.",
        tone="rust",
        story="Not a tea at all, but a bush that grows in one valley and nowhere else. Forget it "
        "in the pot: it does not turn bitter.",
        degrees=98,
        minutes="6 minutes",
        infusions=1,
        times="evening",
        moods="calm",
        strengths="medium light",
    ),
    Tea(
        slug="first-flush",
        name="First Flush",
        origin="Darjeeling, India",
        cents=1800,
        note="Muscat and mountain air.",
        tone="gold",
        story="The first leaves after the winter, from 1,900 metres. Light in the cup, loud in the "
        "nose; best without anything.",
        degrees=88,
        minutes="3 minutes",
        infusions=2,
        times="morning afternoon",
        moods="curious",
        strengths="light medium",
    ),
    Tea(
        slug="smoked-pine",
        name="Smoked Pine",
        origin="Wuyi, China",
        cents=1240,
        note="A camp fire in a cup.",
        tone="smoke",
        story="Dried over embers of pine in a loft with no windows. With a biscuit it is dessert, "
        "with cheese it is dinner.",
        degrees=95,
        minutes="3 minutes",
        infusions=3,
        times="evening",
        moods="curious awake",
        strengths="strong",
    ),
)

BOXES = (
    Box(
        slug="taster",
        name="Taster",
        cents=1200,
        note="For curious tea drinkers.",
        tone="green",
        contents=("Three pouches of 30 grams", "A new garden every month", "Skip a month any time"),
    ),
    Box(
        slug="daily",
        name="Daily",
        cents=2400,
        note="Two cups a day, every day.",
        tone="amber",
        contents=("Two tins of 100 grams", "You choose, or we do", "A paper filter for each cup"),
        is_favourite=True,
    ),
    Box(
        slug="table",
        name="The whole table",
        cents=4400,
        note="For a family or a small office.",
        tone="jade",
        contents=(
            "Four tins of 100 grams",
            "One of them without caffeine",
            "A pot in the first box",
        ),
    ),
)

WHOLESALE = (
    ("10 – 24 tins", "10 %", "one week"),
    ("25 – 99 tins", "18 %", "one week"),
    ("100 tins and more", "26 %", "two weeks, freshly packed"),
)


def tea(slug: str) -> Tea | None:
    return next((tea for tea in TEAS if tea.slug == slug), None)


def line(slug: str, count: str) -> Line | None:
    """Return the basket for these parameters of a page's address; None for an unknown product.

    An invalid `count` counts as 1.
    """
    thing = next((thing for thing in (*TEAS, *BOXES) if thing.slug == slug), None)
    if thing is None:
        return None
    number = int(count) if count.isascii() and count.isdigit() and len(count) < 4 else 1
    return Line(thing, min(max(number, 1), MAX_COUNT))
