"""Countries: their codes and names, how people write them, and what U.S. law says of trade with them."""

from tools.countries.addresses import countries_in_address
from tools.countries.iso import COUNTRIES, short_name
from tools.countries.reading import Country, CountryReading, load_countries, read_country

__all__ = [
    "COUNTRIES",
    "Country",
    "CountryReading",
    "countries_in_address",
    "load_countries",
    "read_country",
    "short_name",
]
