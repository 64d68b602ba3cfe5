"""The same with LitServe, as its documentation has it."""

import base64
import io
import os
import sys

import litserve
import numpy as np
import onnxruntime
from PIL import Image

SIZE = int(os.environ["SIZE"])


class Api(litserve.LitAPI):
    def setup(self, device):
        self.session = onnxruntime.InferenceSession(os.environ["MODEL"])
        self.name = self.session.get_inputs()[0].name

    def decode_request(self, request):
        photo = Image.open(io.BytesIO(base64.b64decode(request["photo"]))).convert("RGB").resize((SIZE, SIZE))
        return np.asarray(photo)[None]

    def predict(self, x):
        return self.session.run(None, {self.name: x})[0][0]

    def encode_response(self, output):
        raised = np.exp(output - output.max())
        return {"probabilities": (raised / raised.sum()).tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=int(os.environ["WORKERS"]))
    server.run(port=int(sys.argv[1]), host="127.0.0.1", generate_client_file=False, log_level="error")
