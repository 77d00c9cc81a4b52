"""Any calibrated RGB camera in, metric 3D hands out.

This file stays free of re-exports: in a colcon install the generated interface package of the same name may replace it
with an empty one. ``extend_path`` lets a source checkout on PYTHONPATH find the generated ``msg`` and ``srv`` modules.
"""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
