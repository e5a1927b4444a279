"""The REST API as an OpenAPI document, made from the models that check requests and build answers."""

from service.contract.document import document

__all__ = ["document"]
