"""Lens distortion on the plane z = 1, forwards and backwards; points are complex numbers x + iy.

Each model is a radial function, tabulated once to start Newton's method close to the solution, so that two steps reach
machine precision anywhere in the field. With q = p2 + i p1 the tangential part of Brown's model is
2 q |z|^2 + conj(q) z^2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_COEFFICIENTS = {"plumb_bob": 5, "rational_polynomial": 8, "equidistant": 4}
_ALIASES = {"": "plumb_bob", "fisheye": "equidistant", "radtan": "plumb_bob"}
_WIDEST_RAD = np.deg2rad(89.0)  # a ray with z = 1 cannot lie at 90 degrees
_TABLE_SIZE = 1024
_NEWTON_STEPS = 12
_NOWHERE = complex(np.nan, np.nan)
_TOLERANCE = 1e-11  # on the plane z = 1; 1e-8 pixels for a focal length of 1000


@dataclass(frozen=True)
class Lens:
    """One lens: ``model`` and its coefficients, padded with zeros. Build it with ``Lens.of``."""

    model: str
    coefficients: tuple[float, ...]

    @staticmethod
    def of(model: str, coefficients) -> Lens:
        """The lens of a ROS distortion model; ValueError names the model or the coefficients that do not fit."""
        model = _ALIASES.get(model, model)
        if model not in _COEFFICIENTS:
            raise ValueError(f"distortion model {model!r}: give one of {', '.join(_COEFFICIENTS)}")
        values = np.array(coefficients, dtype=np.float64).ravel()
        count = _COEFFICIENTS[model]
        if not np.isfinite(values).all() or values[count:].any():
            raise ValueError(f"distortion {values.tolist()}: {model} takes up to {count} finite coefficients")
        padded = tuple(np.pad(values[:count], (0, count - len(values[:count]))).tolist())
        return (Fisheye if model == "equidistant" else Brown)(model, padded)

    def __post_init__(self):
        widest = min(self._widest(), self._largest_argument())
        argument = np.linspace(0.0, widest, _TABLE_SIZE)
        object.__setattr__(self, "widest", widest)
        object.__setattr__(self, "ideal", not any(self.coefficients) and self.model != "equidistant")
        object.__setattr__(self, "_table", (self._radial(argument), argument))

    def undistort(self, image: np.ndarray) -> np.ndarray:
        """Distorted points to ideal ones, both complex on z = 1; NaN where there is no inverse in the valid field."""
        image = np.asarray(image)
        return image + 0.0 if self.ideal else self._invert(image)


class Brown(Lens):
    """``plumb_bob`` and ``rational_polynomial``: radial ratio of polynomials in |z|^2 plus tangential terms."""

    def distort(self, plane):
        """Ideal points to distorted ones; NaN outside the field in which the model is one-to-one."""
        if self.ideal:
            return plane
        image, _, _ = self._evaluate(plane)
        return np.where(np.abs(plane) <= self.widest, image, _NOWHERE)

    def determinant(self, plane):
        """Area by which the lens magnifies around ideal points."""
        if self.ideal:
            return np.ones(np.shape(plane))
        _, along, across = self._evaluate(plane)
        return along**2 - np.abs(across) ** 2

    def _polynomials(self):
        k1, k2, _, _, k3, k4, k5, k6 = (*self.coefficients, 0.0, 0.0, 0.0)[:8]
        return np.polynomial.Polynomial([1.0, k1, k2, k3]), np.polynomial.Polynomial([1.0, k4, k5, k6])

    def _evaluate(self, plane):
        """Distorted points F(z) and the derivatives dF/dz (real) and dF/dconj(z)."""
        k1, k2, p1, p2, k3, k4, k5, k6 = (*self.coefficients, 0.0, 0.0, 0.0)[:8]
        square = plane.real**2 + plane.imag**2
        gain = 1.0 + square * (k1 + square * (k2 + square * k3))
        slope = k1 + square * (2.0 * k2 + square * 3.0 * k3)
        if k4 or k5 or k6:
            below = 1.0 + square * (k4 + square * (k5 + square * k6))
            gain = gain / below
            slope = (slope - gain * (k4 + square * (2.0 * k5 + square * 3.0 * k6))) / below
        tangential = complex(p2, p1)
        image = plane * (gain + tangential.conjugate() * plane) + 2.0 * tangential * square
        along = gain + square * slope + 4.0 * (p2 * plane.real + p1 * plane.imag)
        return image, along, plane * (plane * slope + 2.0 * tangential)

    def _radial(self, radius):
        above, below = self._polynomials()
        return radius * above(radius**2) / below(radius**2)

    def _largest_argument(self):
        return np.tan(_WIDEST_RAD)

    def _widest(self):
        """Smallest radius at which the radial function stops growing, from the numerator of its derivative."""
        above, below = self._polynomials()
        twice = np.polynomial.Polynomial([0.0, 2.0])
        numerator = (above + twice * above.deriv()) * below - twice * above * below.deriv()
        largest = self._largest_argument() ** 2
        return np.sqrt(min(_positive_root(numerator, largest), _positive_root(below, largest))) * (1.0 - 1e-6)

    def _invert(self, image):
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            radius = np.abs(image)
            plane = image * (np.interp(radius, *self._table) / np.maximum(radius, 1e-300))
            for _ in range(_NEWTON_STEPS):
                value, along, across = self._evaluate(plane)
                error = image - value
                determinant = along**2 - (across.real**2 + across.imag**2)
                done = error.real**2 + error.imag**2 <= _TOLERANCE**2 * (1.0 + radius**2)
                if done.all():
                    break
                plane = plane + (along * error - across * error.conj()) / determinant
            valid = done & (determinant > 0.0) & (np.abs(plane) <= self.widest)
        return np.where(valid, plane, _NOWHERE)


class Fisheye(Lens):
    """``equidistant``: the angle to the optical axis, bent by a polynomial, is the distance in the image."""

    def distort(self, plane):
        """Ideal points to distorted ones; NaN outside the field in which the model is one-to-one."""
        radius = np.abs(plane)
        angle = np.arctan(radius)
        image = plane * (self._radial(angle) / np.maximum(radius, 1e-300))
        return np.where(angle <= self.widest, image, _NOWHERE)

    def determinant(self, plane):
        """Area by which the lens magnifies around ideal points."""
        radius = np.maximum(np.abs(plane), 1e-9)
        angle = np.arctan(radius)
        return self._slope(angle) * self._radial(angle) / (radius * (1.0 + radius**2))

    def _radial(self, angle):
        k1, k2, k3, k4 = self.coefficients
        square = angle**2
        return angle * (1.0 + square * (k1 + square * (k2 + square * (k3 + square * k4))))

    def _slope(self, angle):
        k1, k2, k3, k4 = self.coefficients
        square = angle**2
        return 1.0 + square * (3.0 * k1 + square * (5.0 * k2 + square * (7.0 * k3 + square * 9.0 * k4)))

    def _largest_argument(self):
        return _WIDEST_RAD

    def _widest(self):
        k1, k2, k3, k4 = self.coefficients
        slope = np.polynomial.Polynomial([1.0, 3 * k1, 5 * k2, 7 * k3, 9 * k4])
        return np.sqrt(_positive_root(slope, self._largest_argument() ** 2)) * (1.0 - 1e-6)

    def _invert(self, image):
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            distance = np.abs(image)
            angle = np.interp(distance, *self._table)
            for _ in range(_NEWTON_STEPS):
                error = distance - self._radial(angle)
                done = np.abs(error) <= _TOLERANCE
                if done.all():
                    break
                angle = np.clip(angle + error / self._slope(angle), 0.0, self.widest)
            plane = image * (np.tan(angle) / np.maximum(distance, 1e-300))
        return np.where(done, plane, _NOWHERE)


def _positive_root(polynomial, largest: float) -> float:
    """Smallest real root between 0 and ``largest``, infinity if there is none."""
    coefficients = polynomial.coef
    # Terms that stay negligible up to there would only spoil the companion matrix.
    weight = np.abs(coefficients) * largest ** np.arange(len(coefficients))
    roots = np.polynomial.Polynomial(coefficients[: np.flatnonzero(weight > 1e-12)[-1] + 1]).roots()
    real = roots.real[(np.abs(roots.imag) < 1e-9 * (1.0 + np.abs(roots))) & (roots.real > 0.0)]
    return float(real.min()) if real.size and real.min() < largest else np.inf
