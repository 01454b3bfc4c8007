"""Facts about fingerprints: the meaning of code changes them, and nothing else does."""

import ast
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from workflow_scripts.command import plugins
from workflow_scripts.study import fingerprint as room
from workflow_scripts.study.fingerprint import fingerprint

COMMAND = '''
"""Rank the neurons."""

import json
from collections import Counter

from workflow_scripts.kernels.sums import total

STEP = 10  # as in the paper


def rank(words, highest=True):
    """Return the words, best first."""
    counts = Counter(words)
    return sorted(counts, key=lambda word: total(counts[word], STEP), reverse=highest)
'''

PACKAGE = {
    "__init__": '"""The package."""\nTHREADS = 1\n',
    "command": COMMAND,
    "kernels/__init__": '"""Kernels."""\n',
    "kernels/sums": "from workflow_scripts import deep\n\ntotal = lambda a, b: deep.add(a, b)",
    "deep": "def add(a, b):\n    return a + b",
    "other": "LIMIT = 3",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """`package("command", text)` writes a module of a small package that is fingerprinted."""

    def write(module, text):
        path = tmp_path / f"{module}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
        forget()
        return path

    monkeypatch.setattr(room, "ROOT", tmp_path)
    for module, text in PACKAGE.items():
        write(module, text)
    yield write
    forget()


def forget():
    """Forget what was read, as a new process has."""
    room.fingerprint.cache_clear()
    room._meaning.cache_clear()


def after(package, module, old, new):
    """The fingerprint of the command before and after `old` became `new` in a module."""
    before = fingerprint("command")
    text = PACKAGE[module]
    assert old in text
    package(module, text.replace(old, new))
    return before, fingerprint("command")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# as in the paper", "# as it was"),
        ("  # as in the paper", ""),
        ("STEP = 10", "\n\n# why 10\nSTEP = 10"),
        ("STEP = 10", "STEP = (10)"),
        ("STEP = 10", "STEP   =   1_0"),
        ('"""Rank the neurons."""', '"""Order the neurons.\n\nAt length.\n"""'),
        ('"""Rank the neurons."""', ""),
        ('"""Return the words, best first."""', "'Return them.'"),
        ("STEP = 10", 'STEP = 10\n"""How far apart."""'),
        ("(words, highest=True)", "(\n    words,\n    highest=True,\n)"),
        ("    counts = Counter(words)\n", "    counts = Counter(\n        words)\n\n\n"),
        ("    counts = Counter(words)\n", "    counts = Counter(words);\n"),
    ],
)
def test_comments_docstrings_and_formatting_change_nothing(package, old, new):
    before, now = after(package, "command", old, new)
    assert before == now


def test_touching_a_file_changes_nothing(package, tmp_path):
    before = fingerprint("command")
    os.utime(tmp_path / "command.py", (1, 1))
    forget()
    assert fingerprint("command") == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("STEP = 10", "STEP = 11"),
        ("STEP = 10", "STEP = 10.0"),
        ("STEP = 10", 'STEP = "10"'),
        ("highest=True", "highest=False"),
        ("def rank(", "def order("),
        ("import json", "import math"),
        ("words, highest", "words, *, highest"),
        ("return sorted", "yield from sorted"),
        ("    counts =", "    words = words[1:]\n    counts ="),
        ("reverse=highest", "reverse=not highest"),
    ],
)
def test_a_change_of_meaning_changes_it(package, old, new):
    before, now = after(package, "command", old, new)
    assert before != now


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("kernels/sums", "deep.add(a, b)", "deep.add(b, a)"),
        ("deep", "a + b", "a - b"),
        ("kernels/__init__", '"""Kernels."""', "ORDER = 1"),
        ("__init__", "THREADS = 1", "THREADS = 2"),
    ],
)
def test_a_change_in_what_is_imported_directly_or_not_changes_it(package, module, old, new):
    before, now = after(package, module, old, new)
    assert before != now


def test_a_docstring_of_what_is_imported_changes_nothing(package):
    before, now = after(package, "kernels/__init__", "Kernels", "Arithmetic")
    assert before == now


def test_a_change_in_what_is_not_imported_changes_nothing(package):
    before, now = after(package, "other", "LIMIT = 3", "LIMIT = 4")
    assert before == now


@pytest.mark.parametrize(
    "statement",
    [
        "import workflow_scripts.other",
        "import workflow_scripts.other as o",
        "from workflow_scripts import other",
        "from workflow_scripts import other as o",
        "from workflow_scripts.other import LIMIT",
    ],
)
@pytest.mark.parametrize("where", ["", "def f():\n    ", "if STEP:\n    ", "class C:\n    "])
def test_every_manner_of_importing_counts_wherever_it_stands(package, statement, where):
    package("command", f"STEP = 1\n{where}{statement}\n")
    before = fingerprint("command")
    package("other", "LIMIT = 4")
    assert fingerprint("command") != before


def test_modules_may_import_each_other(package):
    package("deep", "from workflow_scripts.kernels import sums\n\ndef add(a, b):\n    return a + b")
    before = fingerprint("command")
    package("other", "LIMIT = 4")
    assert fingerprint("command") == before


def test_the_modules_that_a_job_names_all_count_in_any_order(package):
    assert fingerprint("command", "other") == fingerprint("other", "command")
    assert fingerprint("command", "other") != fingerprint("command")


def test_the_folder_of_the_project_is_no_part_of_it(package, tmp_path, monkeypatch):
    before = fingerprint("command")
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setattr(room, "ROOT", elsewhere)
    for module, text in PACKAGE.items():
        (elsewhere / module).parent.mkdir(parents=True, exist_ok=True)
        (elsewhere / f"{module}.py").write_text(text)
    forget()
    assert fingerprint("command") == before


# Other versions of Python

SYNTAX = r'''
"""What trees of versions differ in: empty fields, new ones, how f-strings are cut."""

import a.b as c
from d import (e, f as g)

X: int = None
Y = (..., True, None, 1_0, 1e300, 2j, b"b", "", "é\n🫨", [], {}, {**X, 1: 2})

@c
class K(e, metaclass=g):
    async def m(self, a, /, b=1, *, c=None, d, **kw) -> str:
        async with a as b, c:
            return f"a{b!r:>{c}}" f"" "d" f"{a=}" rf"\d{{}}{a:}" f'{a["k"]}{b:%Y-%m}'

def f(*args):
    global Z
    lambda: (yield)
    match args:
        case [1, None, *_] | {"a": K(x=1), **rest} if rest:
            raise ValueError from None
        case _:
            pass
    for i in args[::2, 1:]:
        if (n := i) is not None and not n < 2 <= 3:
            continue
    else:
        del i
    try:
        assert f, "m"
    except* (OSError, KeyError) as error:
        x[...] @= ~-error
    return [a async for b in c if b if d], {*a}, {k: v for k, v in x}, (i for i in x)
'''


def test_the_fingerprint_of_a_text_is_the_same_in_every_python_that_runs_this(package):
    """Recorded under 3.11, 3.12 and 3.13."""
    package("command", SYNTAX)
    assert room._meaning("workflow_scripts.command")[0] == "9413c24c2c1ecd1dc4d353e0"


def other_pythons():
    """The Pythons of this machine that can run the project, but for the one that runs this."""
    folders = [Path(f) for f in os.environ.get("PATH", "").split(os.pathsep)]
    folders += sorted((Path.home() / ".pyenv/versions").glob("*/bin"))
    found = {}
    for folder in folders:
        for minor in range(11, 20):
            if minor != sys.version_info.minor:
                path = shutil.which(f"python3.{minor}", path=str(folder))
                tried = path and subprocess.run([path, "-c", ""], capture_output=True)
                if tried and tried.returncode == 0:
                    found.setdefault(minor, path)
    return list(found.values())


EVERY_FINGERPRINT = """
import json
from workflow_scripts.study.fingerprint import fingerprint
print(json.dumps({name: fingerprint(name) for name in %r}))
"""


@pytest.mark.slow
def test_every_python_that_is_there_gives_equal_fingerprints():
    pythons = other_pythons()
    if not pythons:
        pytest.skip("needs another Python, 3.11 or later, on PATH or of pyenv")
    for python in pythons:
        command = [python, "-c", EVERY_FINGERPRINT % MODULES]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT.parent)
        assert json.loads(done.stdout) == {name: fingerprint(name) for name in MODULES}, python


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = None", "x = 'None'"),
        ("x = ()", "x = []"),
        ("x = ''", "x = None"),
        ("x = 1", "x = True"),
        ("x = '1'", "x = b'1'"),
        ("f(a, *b)", "f(a, b)"),
        ("f(a=b)", "f(**b)"),
        ("x[1:]", "x[:1]"),
        ("x[a:b]", "x[a::b]"),
        ("return", "return None"),
        ("{**a, b: c}", "{a: b, **c}"),
        ("def f(*, a, b=1): x", "def f(*, a=1, b): x"),
        ("def f(a, *b): x", "def f(a, b): x"),
        ("f'{a}b'", "f'{a}' f'{b}'"),
        ("f'{a:}'", "f'{a:b}'"),
        ("f'{a!r}'", "f'{a!s}'"),
        ("raise a", "raise a from None"),
        ("x = '\u00e9'", "x = r'\\u00e9'"),
    ],
)
def test_what_is_left_out_of_a_tree_tells_no_two_texts_apart(one, other):
    assert spelled(one) != spelled(other)


def spelled(text):
    return room._Spelled(ast.parse(text)).text


@pytest.mark.slow
def test_no_two_statements_of_the_project_are_spelled_alike():
    trees = {}
    for module in MODULES:
        tree = ast.parse(ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text())
        for node in ast.walk(tree):
            if isinstance(body := getattr(node, "body", None), list):  # docstrings say nothing
                node.body = [one for one in body if not room._is_text(one)]
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt | ast.expr):
                dumped = ast.dump(node)
                assert trees.setdefault(room._Spelled(node).text, dumped) == dumped
    assert len(trees) > 10_000


# The project itself

ROOT = Path(room.__file__).parents[1]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted(ROOT.rglob("*.py"))
    if path.name != "__init__.py"
]


def all_reached(*modules):
    """Every project module that these import, directly or not, without the package's name."""
    found, waiting = set(), list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            names = room.reached(module) if module else []
            waiting += [name.partition(".")[2] for name in names]
    return found - {""}


def within(modules, *folders):
    return {module for module in modules if module.startswith(folders)}


def test_scores_of_rankings_reach_the_analyzer_and_the_method_that_they_use_and_no_other_command():
    found = all_reached("interventions.score_rankings", "words.schemas.unimorph")
    assert {"interventions.analyzers.lexicon", "interventions.methods.translation"} <= found
    assert not found & {"interventions.intervene", "interventions.methods.ablation"}


def test_a_compiled_model_does_not_reach_how_others_are_trained():
    assert "models.training" not in all_reached("models.compile_model")


def test_one_ranker_depends_on_no_other_nor_on_probes_or_models():
    found = all_reached("rankings.rank_neurons", "rankings.rankers.probeless")
    assert {
        "rankings.rankers",
        "kernels.class_statistics",
        "files.artifact",
        "command.seeds",
    } <= found
    assert within(found, "rankings.rankers.") == {"rankings.rankers.probeless"}
    assert not within(found, "probes", "models", "interventions", "study", "tables")
    assert not within(found, "kernels.gaussian", "kernels.softmax_regression", "words")


@pytest.mark.parametrize("ranker", plugins.names("rankers"))
def test_no_ranker_depends_on_another(ranker):
    found = all_reached("rankings.rank_neurons", f"rankings.rankers.{ranker}")
    assert within(found, "rankings.rankers.") == {f"rankings.rankers.{ranker}"}


def test_the_linear_and_the_gaussian_ranker_reach_their_kernels_and_not_each_others():
    linear, gaussian = (
        all_reached("rankings.rank_neurons", f"rankings.rankers.{r}")
        for r in ("linear", "gaussian")
    )
    assert {"kernels.softmax_regression", "kernels.lanes"} <= linear - gaussian
    assert {"kernels.gaussian", "kernels.gaussian_selection"} <= gaussian - linear


def test_an_intervention_depends_on_how_the_model_is_run_and_on_no_probe_or_ranker():
    found = all_reached(
        "interventions.intervene",
        "interventions.methods.ablation",
        "interventions.analyzers.lexicon",
    )
    assert {"models.masked_lm", "models.reading", "interventions.outcomes"} <= found
    assert within(found, "interventions.methods.") == {"interventions.methods.ablation"}
    assert not within(found, "probes", "rankings", "kernels.gaussian", "study", "tables")


def test_words_depend_on_the_schema_that_is_asked_for_alone():
    found = all_reached("words.read_words", "words.schemas.ud")
    assert within(found, "words.schemas.") == {"words.schemas.ud"}
    assert "words.surface" in found


def test_a_table_depends_on_the_tables_it_is_made_from_alone():
    def tables(name):
        found = all_reached("tables.build_table", f"tables.tables.{name}")
        return {module.rpartition(".")[2] for module in within(found, "tables.tables.")}

    assert tables("probing") == {"probing"}
    assert tables("saturation") == {"saturation", "interventions"}


def test_one_grammar_depends_on_no_other():
    found = all_reached("treebanks.generate_treebank", "treebanks.grammars.english")
    assert "treebanks.grammars.english_words" in found
    assert not within(found, "treebanks.grammars.spanish")


def test_every_command_and_every_file_of_a_room_has_a_fingerprint_of_its_own():
    """Modules that import each other in a circle would share one."""
    assert len({fingerprint(module) for module in MODULES}) == len(MODULES)


NOT_OF_STEPS = ("study", "inspection", "compare_studies", "try_sentence")


def test_no_computation_depends_on_the_study():
    """What a person runs on finished results makes none of them, and may."""
    for module in MODULES:
        if module.partition(".")[0] not in NOT_OF_STEPS:
            assert not within(all_reached(module), "study"), module


def test_imports_name_modules_in_full_so_that_fingerprints_follow_them():
    for module in MODULES:
        tree = ast.parse((ROOT / Path(*module.split("."))).with_suffix(".py").read_text())
        relative = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]
        assert not relative, module
