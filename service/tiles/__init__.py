"""The four tiles of a snapshot, one module each."""

from service.tiles.cbp_rulings import CBP_RULINGS
from service.tiles.hts_classification import HTS_CLASSIFICATION
from service.tiles.refusal_history import REFUSAL_HISTORY
from service.tiles.sanctions_screening import SANCTIONS_SCREENING

__all__ = ["CBP_RULINGS", "HTS_CLASSIFICATION", "REFUSAL_HISTORY", "SANCTIONS_SCREENING"]
