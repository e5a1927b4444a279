"""Countries: their codes and names, how people write them, and what U.S. law says of trade with them."""

from tools.countries.addresses import countries_in_address
from tools.countries.iso import COUNTRIES, short_name
from tools.countries.reading import Country, CountryReading, read_country

__all__ = ["COUNTRIES", "Country", "CountryReading", "countries_in_address", "read_country", "short_name"]
