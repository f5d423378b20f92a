"""OKRA-SPORT+: the rules of one federation, all of them declarations."""
