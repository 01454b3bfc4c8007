"""Facts about the project's own code: it reads no pickle, and trusts no code of others.

That a folder's pickles and code are left alone is shown in `test_broken_models`.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PICKLES = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
READS_PICKLES = {"load_pickle", "read_pickle", "to_pickle", "write_pickle"}
OF_TORCH = {"load", "save", "hub", "jit"}


def lines_that_can_read_pickles_or_trust_code(tree):
    """Yield each line of a module that names a pickle's reader, or trusts code that is not ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            bad = PICKLES & {name.partition(".")[0] for name in names}
            if isinstance(node, ast.ImportFrom) and node.module == "torch":
                bad |= OF_TORCH & set(names)
            if bad:
                yield node.lineno
        elif isinstance(node, ast.Attribute):
            of_torch = isinstance(node.value, ast.Name) and node.value.id == "torch"
            if node.attr in READS_PICKLES or (of_torch and node.attr in OF_TORCH):
                yield node.lineno
        elif isinstance(node, ast.keyword):
            value = node.value.value if isinstance(node.value, ast.Constant) else None
            if node.arg in ("allow_pickle", "trust_remote_code") and value is not False:
                yield node.value.lineno
            if node.arg in ("use_safetensors", "weights_only") and value is not True:
                yield node.value.lineno


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "import os, dill.source",
        "torch.load(path)",
        "from torch import load",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=allow)",
        "pd.read_pickle(path)",
        "AutoModel.from_pretrained(x, trust_remote_code=True)",
        "AutoModel.from_pretrained(x, trust_remote_code=options.trust)",
        "AutoModel.from_pretrained(x, use_safetensors=False)",
    ],
)
def test_a_line_that_reads_a_pickle_or_trusts_code_is_found(line):
    assert list(lines_that_can_read_pickles_or_trust_code(ast.parse(line))) == [1]


MODULES = [
    path
    for part in ("workflow_scripts", "benchmarks")
    for path in sorted((ROOT / part).rglob("*.py"))
]


def test_no_module_reads_a_pickle_or_trusts_code_of_others():
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in MODULES
        for line in lines_that_can_read_pickles_or_trust_code(ast.parse(path.read_text()))
    }
    assert len(MODULES) > 100
    assert found == set()


def test_whatever_loads_from_a_folder_says_that_no_code_is_trusted():
    calls = [
        node
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("from_pretrained", "pipeline")
        and (node.args or node.keywords)  # an analyzer's `task.pipeline()` is a name
    ]
    assert len(calls) >= 2
    for node in calls:
        assert "trust_remote_code" in {keyword.arg for keyword in node.keywords}, ast.unparse(node)
