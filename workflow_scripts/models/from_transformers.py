"""The library of models, `transformers`: what is taken from it, and how a command imports it.

    from workflow_scripts.models.from_transformers import AutoModelForMaskedLM

A process had a small BERT loaded after 3.7 s: 0.7 s for PyTorch, and 2.4 s for what nothing here
uses: a compiler of models with an algebra system, the distribution of models over machines, SciPy
for losses of object detection, and a search through three thousand files for the names of all
models, made twice. Now it has after 1.3 s: when a command imports the library,

* what only some need it finds not to be there, as who has not installed it would;
* what is marked for the compiler stays as it is: nothing is compiled here;
* its package is a stand-in. That runs the package's `__init__`, and so the search, when it is asked
  for a name that no module of the package has.

Afterwards all is as it was. What the library asks for besides, in whichever version, it gets: a
name that has moved costs its time again, and an import that fails like this is made as usual. In a
notebook, or where it is there already, the library is as it is published.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.machinery import PathFinder
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from workflow_scripts.command import process

if TYPE_CHECKING:
    from transformers import AutoModelForMaskedLM as AutoModelForMaskedLM
    from transformers import AutoTokenizer as AutoTokenizer
    from transformers import BertConfig as BertConfig
    from transformers import BertForMaskedLM as BertForMaskedLM
    from transformers import PreTrainedTokenizerFast as PreTrainedTokenizerFast
    from transformers.utils import ModelOutput as ModelOutput
    from transformers.utils import logging as logging

PLACES = {
    "AutoModelForMaskedLM": "models.auto.modeling_auto",
    "AutoTokenizer": "models.auto.tokenization_auto",
    "BertConfig": "models.bert.configuration_bert",
    "BertForMaskedLM": "models.bert.modeling_bert",
    "PreTrainedTokenizerFast": "tokenization_utils_tokenizers",
    "ModelOutput": "utils",
    "logging": "utils",
}
"""What is taken from the library, and the module of it that has each."""
OF_ALL_FAMILIES = (
    "dependency_versions_check",
    "modeling_utils",
    "modeling_layers",
    "masking_utils",
)
"""The modules that import what nothing here uses. All families of models share them."""


def __getattr__(name: str) -> Any:
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if process.is_command and "transformers" not in sys.modules:
        try:
            _import_without_unused()
        except Exception:  # of a version that is built otherwise
            _forget()
    try:
        return getattr(importlib.import_module(f"transformers.{PLACES[name]}"), name)
    except (ImportError, AttributeError):  # it has moved
        return getattr(importlib.import_module("transformers"), name)


def _forget() -> None:
    """Let the library be imported anew."""
    for name in [*sys.modules]:
        if name.partition(".")[0] == "transformers":
            del sys.modules[name]


def _import_without_unused() -> None:
    for name in ("transformers", "transformers.models"):
        _Package.stand_in(name)
    utils = importlib.import_module("transformers.utils")
    with ExitStack() as stack:
        stack.enter_context(_without_compiler())
        for module in (utils, utils.import_utils):
            for name, told in _TOLD.items():
                if hasattr(module, name):
                    stack.callback(setattr, module, name, getattr(module, name))
                    setattr(module, name, told)
        for name in OF_ALL_FAMILIES:
            importlib.import_module(f"transformers.{name}")


def _is_not_there(*_: Any, **__: Any) -> bool:
    return False


_TOLD: dict[str, Callable[..., Any]] = {
    "is_scipy_available": _is_not_there,
    "is_torch_distributed_available": _is_not_there,
    "is_torch_flex_attn_available": _is_not_there,
    # It would run the package's `__init__`.
    "direct_transformers_import": lambda *_, **__: sys.modules["transformers"],
}
"""What the library's modules are told that ask while they are imported.

They keep the answer, so none of them uses what it did not import. Those of one family are imported
later: FNet finds its SciPy.
"""


class _Package(ModuleType):
    """A package whose `__init__` runs when it is asked for a name that no module of it has.

    Who imports a module of a package asks the package for none.
    """

    _has_run = False

    @classmethod
    def stand_in(cls, name: str) -> None:
        """Put a stand-in where a package would be that is not imported."""
        package = cls(name)
        published = module_from_spec(find_spec(name))  # pyright: ignore[reportArgumentType]
        vars(package).update(vars(published), __version__=version("transformers"))
        sys.modules[name] = package
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], last, package)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            if PathFinder.find_spec(f"{self.__name__}.{name}", self.__path__):
                return importlib.import_module(f"{self.__name__}.{name}")
            if not self._has_run:
                self._has_run = True
                self.__spec__.loader.exec_module(self)  # which may put a module of its own here
                return getattr(sys.modules[self.__name__], name)
            if (own := sys.modules[self.__name__]) is not self:
                return getattr(own, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


@contextmanager
def _without_compiler() -> Iterator[None]:
    """Let what is marked for PyTorch's compiler stay as it is, rather than import the compiler."""
    if _Compiler.NAME not in sys.modules:
        for name in (_Compiler.NAME, *_Compiler.MODULES):
            sys.modules[name] = _Compiler(name)
    try:
        yield
    finally:
        _Compiler.step_aside()


class _Compiler(ModuleType):
    """Stands for a module of the compiler, until it is asked for what does more than to mark."""

    NAME = "torch._dynamo"
    MODULES = (f"{NAME}._trace_wrapped_higher_order_op",)
    MARKS = ("allow_in_graph", "assume_constant_result", "disable", "TransformGetItemToIndex")

    def __init__(self, name: str):
        super().__init__(name)
        self.__path__: list[str] = []

    @classmethod
    def step_aside(cls) -> None:
        """Let the compiler itself be imported from now on."""
        for name in (cls.NAME, *cls.MODULES):
            if isinstance(sys.modules.get(name), cls):
                del sys.modules[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if name not in self.MARKS:
            self.step_aside()
            return getattr(importlib.import_module(self.__name__), name)

        def mark(*args: Any, **kwargs: Any) -> Any:
            if sys.modules.get(self.__name__) is not self:  # kept, and called later
                return getattr(importlib.import_module(self.__name__), name)(*args, **kwargs)
            return args[0] if args and callable(args[0]) else lambda function: function

        return mark


class ShapesAlone(TorchFunctionMode):
    """While a model is loaded: spares PyTorch what it does in Python for tensors without numbers.

    The library makes a model on the device `meta`, where tensors have a shape alone, and then loads
    the weights. For three functions on the way PyTorch would import its compiler or an algebra
    system (0.6 s): to draw weights, to count positions, and to make room for what is not loaded.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in (torch.nn.init.normal_, torch.Tensor.normal_):
            tensor = args[0] if args else kwargs["tensor"]
            if tensor.is_meta:
                return tensor
        if func is torch.arange and kwargs.get("device") == _META:
            return torch.arange(*args, **kwargs | {"device": "cpu"}).to(_META)
        if func is torch.empty_like and args and args[0].is_meta and args[0].is_contiguous():
            return torch.empty(args[0].shape, **{"dtype": args[0].dtype, "device": _META} | kwargs)
        return func(*args, **kwargs)


_META = torch.device("meta")
