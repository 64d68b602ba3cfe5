"""What people write by hand: FastAPI, an upload, Pillow and ONNX Runtime as they come. Run: uvicorn fastapi_side:app."""

import io
import os

import numpy as np
import onnxruntime
from fastapi import FastAPI, UploadFile
from PIL import Image

SIZE = int(os.environ["SIZE"])
session = onnxruntime.InferenceSession(os.environ["MODEL"])
name = session.get_inputs()[0].name
app = FastAPI()


@app.get("/ready")
def ready():
    return "ready"


@app.post("/predict")
def predict(file: UploadFile):
    photo = Image.open(io.BytesIO(file.file.read())).convert("RGB").resize((SIZE, SIZE))
    (logits,) = session.run(None, {name: np.asarray(photo)[None]})
    raised = np.exp(logits[0] - logits[0].max())
    return {"probabilities": (raised / raised.sum()).tolist()}
