"""A simulated league. In: a seed. Out: clubs, fixtures round after round, and the result of each match: always the same for the same
seed, so that models find something true, and whoever settles a match knows how it ended."""

from football_league.league import SEED, Fixture, League, Result
from football_league.market import Pick, Probabilities, holds, pick

__all__ = ["SEED", "Fixture", "League", "Pick", "Probabilities", "Result", "holds", "pick"]
