"""Answer invocations with the functions of the user's module, as the image does.

A module has `model_fn`, and either `transform_fn` or any of `input_fn`, `predict_fn` and
`output_fn`.
"""

import importlib
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import numpy as np
from sagemaker_containers.beta.framework import (
    content_types,
    encoders,
    env,
    modules,
    transformer,
    worker,
)

_app: Any = None


class UserError(Exception):
    """Define transform_fn, or any of input_fn, predict_fn and output_fn, but not both."""


def main(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Serve a request of WSGI; the first one loads the model."""
    global _app
    if _app is None:
        settings = env.ServingEnv()
        module = _user_module(settings.module_name, settings.module_dir)
        functions = _functions_of(module)
        functions.initialize()
        _app = worker.Worker(
            transform_fn=functions.transform,
            module_name=settings.module_name,
            execution_parameters_fn=getattr(module, "execution_parameters_fn", None),
        )
    answer: Iterable[bytes] = _app(environ, start_response)
    return answer


def _user_module(name: str, folder: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        installed: ModuleType = modules.import_module(folder, name)
        return installed


def _functions_of(module: ModuleType) -> Any:
    model_fn = getattr(module, "model_fn", transformer.default_model_fn)
    transform_fn = getattr(module, "transform_fn", None)
    parts = {name: getattr(module, name, None) for name in ("input_fn", "predict_fn", "output_fn")}
    if transform_fn:
        if any(parts.values()):
            raise UserError(UserError.__doc__)
        return transformer.Transformer(model_fn=model_fn, transform_fn=transform_fn)

    defaults = {"input_fn": _input_fn, "predict_fn": _predict_fn, "output_fn": _output_fn}
    chosen = {name: function or defaults[name] for name, function in parts.items()}
    return transformer.Transformer(model_fn=model_fn, **chosen)


def _input_fn(data: Any, content_type: str) -> Any:
    array = encoders.decode(data, content_type)
    return array.astype(np.float32) if content_type in content_types.UTF8_TYPES else array


def _predict_fn(data: Any, model: Any) -> Any:
    return model.predict(data)


def _output_fn(prediction: Any, accept: str) -> Any:
    return worker.Response(encoders.encode(prediction, accept), accept, mimetype=accept)
