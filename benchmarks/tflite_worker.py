"""The TFLite interpreter in its own Python: ``tflite_worker.py FILE INPUTS.npy OUTPUTS.npz``.

Started by compare_tflite.py with a Python that has ``ai-edge-litert`` (or tensorflow). INPUTS is (N, S, S, 3) float32;
OUTPUTS gets ``0``, ``1``, ... in the file's order, and ``ms``, the median time of a call on one thread.
"""

import sys
import time

import numpy as np

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tensorflow.lite import Interpreter


def main() -> int:
    interpreter = Interpreter(sys.argv[1], num_threads=1)
    interpreter.allocate_tensors()
    source, results = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()
    outputs, times = [[] for _ in results], []
    for image in np.load(sys.argv[2]):
        interpreter.set_tensor(source, image[None])
        started = time.perf_counter()
        interpreter.invoke()
        times.append(time.perf_counter() - started)
        for values, result in zip(outputs, results, strict=True):
            values.append(interpreter.get_tensor(result["index"]))
    arrays = {str(place): np.concatenate(values) for place, values in enumerate(outputs)}
    np.savez(sys.argv[3], ms=np.median(times) * 1000, **arrays)
    return 0


if __name__ == "__main__":
    sys.exit(main())
