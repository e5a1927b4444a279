"""The web service: REST in, JSON out, and the life of the application."""
