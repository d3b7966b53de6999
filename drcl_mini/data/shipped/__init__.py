"""Real data sets that come with the package: ``numbers`` and ``things``.

``python -m data_scripts numbers`` and ``… things`` build their files again from the sources. Where
each part comes from, and under which licence, stands in the ``.json`` beside each file and in
``licences``.
"""

from .collection import Collection, Medium, load_collection

__all__ = ["Collection", "Medium", "load_collection"]
