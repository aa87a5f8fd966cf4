"""A real package: a dependency, smdebug_rulesconfig, installs one called tests too, and would win otherwise."""
