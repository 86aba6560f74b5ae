"""Write the demo's GeoIP file from its table: ``python -m docs.tools.demo_countries``."""

from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]

from config.demo.countries import COUNTRIES, FILE


def write(path: Path) -> None:
    """Write the table of countries to `path` as a GeoIP file."""
    writer = MMDBWriter(
        ip_version=6,
        ipv4_compatible=True,
        database_type="GeoLite2-Country",
        languages=["en"],
        description="Livechat demo: addresses kept free for documentation",
    )
    for country in COUNTRIES:
        entry = {"iso_code": country.code, "names": {"en": country.name}}
        writer.insert_network(
            IPSet(country.networks), {"country": entry, "registered_country": entry}
        )
    writer.to_db_file(str(path))


if __name__ == "__main__":
    write(FILE)
