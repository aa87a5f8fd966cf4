"""Make this folder a package, because the dependency smdebug_rulesconfig installs one called tests.

Otherwise, Python would import the dependency's package.
"""
