"""The process's one OpenGL context, over EGL without a display: Mesa's software renderer or a GPU, the same code."""

from __future__ import annotations

import functools
import os


class NoContextError(RuntimeError):
    """No OpenGL context can be made here; the message says what to install."""


@functools.lru_cache(maxsize=1)
def context():
    """The moderngl context of this process (made at the first call, never shared between processes)."""
    # Mesa's rasteriser threads of several renderers fight for the cores: one process per core, one thread each.
    os.environ.setdefault("LP_NUM_THREADS", "1")
    try:
        import moderngl

        return moderngl.create_standalone_context(backend="egl", require=330)
    except Exception as error:
        raise NoContextError(
            f"no OpenGL context over EGL ({error}): pip install moderngl; "
            "Debian/Ubuntu: apt install libegl1 libgl1-mesa-dri"
        ) from error
