"""Random examples that are the same in every run, few enough for a minute, and nothing kept on the disk."""

import tempfile

from hypothesis import configuration, settings

settings.register_profile("bounded", derandomize=True, deadline=None, max_examples=50, database=None)
settings.load_profile("bounded")
configuration.set_hypothesis_home_dir(tempfile.gettempdir())
