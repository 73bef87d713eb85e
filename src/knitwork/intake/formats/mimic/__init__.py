"""MIMIC-III and MIMIC-IV: tables of a hospital in Boston, as they are released for research."""
