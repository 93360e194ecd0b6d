"""Real ranks send what the closed forms count, and train what one process trains."""

import subprocess
import sys
import time

import pytest

from dlpatterns.parallel import collectives, launch, messages

CARRIERS = ["pipes"] + ["mpi"] * (launch.mpiexec() is not None)


def test_one_collective_and_what_carried_it():
    answers = launch.run(
        "collective", 4, collective="all-reduce", algorithm="ring", length=101
    )
    assert sum(one["sent"] for one in answers.by_rank) == 2 * 3 * 101 * 8
    assert answers.carrier == launch.carrier()


@pytest.mark.parametrize("over", CARRIERS)
def test_every_collective(over):
    answers = launch.run("every_collective", 4, over=over, length=37, node=2).by_rank
    for place, (name, algorithm) in enumerate(collectives.names()):
        node = {"node": 2} if algorithm == "hierarchical" else {}
        rounds = collectives.rounds(name, algorithm, 4, **node)
        sizes = messages.split(37, 16 if name == "all-to-all" else 4)
        counted = messages.tally(rounds, [8 * size for size in sizes], 4)
        done = [one[place] for one in answers]
        assert [one["sent"] for one in done] == list(counted.sent), (name, algorithm)
        assert all(one["right"] for one in done), (name, algorithm)


@pytest.mark.parametrize("over", CARRIERS)
def test_training_side_by_side_gives_the_weights_of_one_process(over):
    """Sums in another order differ by rounding: 20 steps of a few units in the last
    place of weights below 1.
    """
    first, *others = launch.run("data_parallel", 4, over=over).by_rank
    assert first["distance"] < 1e-14
    bytes_all = first["params"] * first["itemsize"] * 20
    sent = [first["sent"], *(one["sent"] for one in others)]
    assert sum(sent) == 2 * 3 * bytes_all  # 2 (p - 1) vectors a step, over all ranks


def test_adam_with_its_states_cut_takes_the_same_steps():
    answers = launch.run("sharded_adam", 4).by_rank
    assert answers[0]["distance"] < 1e-14
    assert sum(one["states"] for one in answers) == 2 * answers[0]["params"]
    assert max(one["states"] for one in answers) <= 2 * (answers[0]["params"] // 4 + 1)


@pytest.mark.parametrize(
    "program", ["tensor_parallel_mlp", "tensor_parallel_attention"]
)
def test_layers_cut_over_ranks_answer_as_one_process(program):
    first = launch.run(program, 4).by_rank[0]
    assert first["distance"] < 1e-14 * first["largest"] * 16
    ring = 2 * 3 / 4 * first["values"] * first["itemsize"]
    assert first["sent"] == ring


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"program": "data_parallel", "ranks": 3}, "3 ranks don't divide batch = 64"),
        ({"program": "tensor_parallel_mlp", "ranks": 5}, "5 ranks don't divide hidden"),
    ],
)
def test_what_goes_wrong_on_a_rank_is_said(options, said):
    with pytest.raises(RuntimeError, match=said):
        launch.run(options["program"], options["ranks"], over="pipes", seconds=30)


@pytest.mark.parametrize("over", CARRIERS)
def test_a_run_that_hangs_is_stopped_and_leaves_nothing(over, tmp_path):
    program = tmp_path / "hanging_program.py"
    program.write_text("import time\ndef wait(world): time.sleep(600)\n")
    sys.path.insert(0, str(tmp_path))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", str(tmp_path))
            with pytest.raises(TimeoutError, match="did not end within 4 s"):
                launch.run("hanging_program:wait", 2, over=over, seconds=4)
    finally:
        sys.path.remove(str(tmp_path))
    for _ in range(50):
        left = subprocess.run(
            ["pgrep", "-f", "hanging_program:wait"], capture_output=True, text=True
        ).stdout
        if not left:
            break
        time.sleep(0.1)
    assert not left


def test_a_rank_that_dies_ends_the_run(tmp_path, monkeypatch):
    program = tmp_path / "dying_program.py"
    program.write_text(
        "import os\n"
        "def die(world):\n"
        "    if world.rank == 1: os._exit(3)\n"
        "    world.exchange(None, source=1)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises((RuntimeError, TimeoutError)):
        launch.run("dying_program:die", 2, seconds=20)


def test_without_mpi_pipes_are_taken_and_said(monkeypatch):
    monkeypatch.setattr(launch, "mpiexec", lambda: None)
    assert launch.carrier() == "pipes"
    assert launch.run("tensor_parallel_mlp", 2).carrier == "pipes"
    with pytest.raises(ValueError, match="pip install mpi4py mpich"):
        launch.run("tensor_parallel_mlp", 2, over="mpi")


def test_bad_calls():
    with pytest.raises(ValueError, match="no program 'nothing'; there are collective"):
        launch.run("nothing")
    with pytest.raises(ValueError, match="'mpi' or 'pipes', not 'post'"):
        launch.run("ping_pong", over="post", sizes=[1], repeats=1)
    with pytest.raises(ValueError, match="there is no module 'no_such_room'"):
        launch.run("no_such_room:run")
    with pytest.raises(ValueError, match="ranks is at least 1"):
        launch.run("ping_pong", 0)


def test_a_message_takes_longer_the_longer_it_is():
    times = launch.run("ping_pong", 2, sizes=[8, 8_000_000], repeats=20).by_rank[0]
    assert 0 < times[0] < times[1]
