"""Pictures and the words beside them: geometry first, then SVG as strings.

Everything here is a pure function of an evaluation record (`knitwork.signals`), so that a picture, its table and
its sentence can never disagree.
"""
