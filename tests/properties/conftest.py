"""Random examples that are the same in every run, few enough for a minute, and nothing kept on the disk.

Where DRCL_MINI_ROBUSTNESS is set, they are many more, and others in every run.
"""

import os
import tempfile

from hypothesis import configuration, settings

settings.register_profile("bounded", derandomize=True, deadline=None, max_examples=50, database=None)
settings.register_profile("many", derandomize=False, deadline=None, max_examples=500, database=None)
settings.load_profile("many" if os.environ.get("DRCL_MINI_ROBUSTNESS") else "bounded")
configuration.set_hypothesis_home_dir(tempfile.gettempdir())
