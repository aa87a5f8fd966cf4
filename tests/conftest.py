"""Set the environment that functions read when they are imported.

Several folders of tests import functions, and pytest collects these folders in any order.
"""

import os

# Powertools reads these variables once, when a function's module is imported.
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "scones-unlimited")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "SconesUnlimited")
