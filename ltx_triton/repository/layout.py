"""Layout of a Triton model repository: folders and file names."""

from pathlib import Path

from ltx_triton.contract import ModelContract
from ltx_triton.folders import SHIPPED, kept_folder

TEMPLATE_REPOSITORY = SHIPPED / "model_repository"  # Python models and configs, by hand
DEMO_ENGINES = SHIPPED / "demo" / "engines"
SERVED_REPOSITORY = kept_folder("build/model_repository")  # made by an export; ignored by git
# A repository for each model that was exported by its short name.
MODELS_FOLDER = kept_folder("build/models")

# In a model's folder:
CONFIG_FILE = "config.pbtxt"
# For Triton's own TensorRT backend: tritonserver --model-config-name=tensorrt
TENSORRT_CONFIG_FILE = "configs/tensorrt.pbtxt"

# In a version folder:
MODEL_FILE = "model.py"
ENGINE_FILE = "model.onnx"
DATA_FILE = f"{ENGINE_FILE}.data"  # the weights of the engine
PLAN_FILE = "model.plan"
PIPELINE_CONFIG_FILE = "pipeline.json"
FINGERPRINT_FILE = "export.sha256"  # of whatever determines the files of an export
TOKENIZER_FILE = "tokenizer.json"


def version_folder(repository: Path, model: ModelContract) -> Path:
    """Folder of the only version of `model`."""
    return repository / model.name / "1"
