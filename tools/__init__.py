"""Tools that ask U.S. agencies about a product, a lane or a party. No web framework in here."""
