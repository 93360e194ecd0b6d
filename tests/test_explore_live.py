"""Tests of explore with a kernel: its live half in a real one."""

import queue
import threading
import time

import pytest
from bs4 import BeautifulSoup
from jupyter_client.manager import start_new_kernel

from dlpatterns.explore import (
    _live,
)

WIDGET, HTML, TEXT = (
    "application/vnd.jupyter.widget-view+json",
    "text/html",
    "text/plain",
)

CELL = """
import matplotlib.pyplot as plt
from dlpatterns import show
from dlpatterns.explore import Menu, Slider, explore

calls = []

def draw(n, kind, log):
    calls.append((n, kind, log))
    fig, axes = plt.subplots(figsize=(2, 1))
    axes.plot([1, 2], [1, n])
    if log:
        axes.set_yscale("log")
    return show.frame(fig, caption=f"{kind} {n}.",
        alt=f"A line that rises from 1 to {n}.", rows=[dict(n=n, log=log)])

choices = dict(n=Slider([1, 5, 25], start=5), kind=Menu({"Line": "line",
    "Dots": "dots"}), log=False)
explore(draw, **choices)
"""


class Kernel:
    """A kernel as a front end sees it: it runs cells, and keeps the models of the
    widgets up to date.
    """

    def __init__(self) -> None:
        self.manager, self.client = start_new_kernel(kernel_name="python3")
        self.models: dict[str, dict] = {}
        self.updates: list[tuple[str, dict]] = []

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code: str) -> list[dict]:
        """Run a cell; return the data of its outputs, printed text under "stdout"."""
        request, outputs = self.client.execute(code), []
        while True:
            message = self.receive(timeout=60)
            content, ours = (
                message["content"],
                message["parent_header"].get("msg_id") == request,
            )
            if ours and message["msg_type"] == "error":
                pytest.fail("\n".join(content["traceback"]))
            if ours and message["msg_type"] == "display_data":
                outputs.append(content["data"])
            if ours and message["msg_type"] == "stream":
                outputs.append({"stdout": content["text"]})
            if (
                ours
                and message["msg_type"] == "status"
                and content["execution_state"] == "idle"
            ):
                return outputs

    def receive(self, timeout: float) -> dict:
        """Return the next message, after noting what it says of a widget."""
        message = self.client.get_iopub_msg(timeout=timeout)
        content = message["content"]
        if message["msg_type"] == "comm_open":
            self.models[content["comm_id"]] = content["data"]["state"]
        if (
            message["msg_type"] == "comm_msg"
            and content["data"].get("method") == "update"
        ):
            self.models[content["comm_id"]] |= content["data"]["state"]
            self.updates.append((content["comm_id"], content["data"]["state"]))
        return message

    def listen(self, seconds: float) -> None:
        """Receive whatever comes in that time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                self.receive(timeout=left)
            except queue.Empty:
                return

    def move(self, model: str, **state) -> None:
        """Change a widget's state as the browser does when a reader moves a control."""
        content = {
            "comm_id": model,
            "data": {"method": "update", "state": state, "buffer_paths": []},
        }
        self.client.shell_channel.send(self.client.session.msg("comm_msg", content))

    def children(self, view: str) -> list[str]:
        return [
            child.removeprefix("IPY_MODEL_") for child in self.models[view]["children"]
        ]


@pytest.fixture(scope="module")
def kernel():
    one = Kernel()
    yield one
    one.close()


@pytest.fixture
def live(kernel) -> list[str]:
    """The models of a fresh explorer in the kernel: slider, menu, switch, and the view
    last.
    """
    (data,) = kernel.run(CELL)
    kernel.updates.clear()
    return kernel.children(data[WIDGET]["model_id"])


def settle(kernel: Kernel, model: str, seconds: float = 20) -> str:
    """Return the view's HTML once it has changed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        kernel.listen(0.3)
        if any(changed == model for changed, _ in kernel.updates):
            return kernel.models[model]["value"]
    pytest.fail("the view did not change")


def expected(kernel: Kernel, call: str) -> str:
    """Return what the function itself gives, called in the kernel."""
    return kernel.run(f"print(draw({call}).html())")[0]["stdout"].strip()


def test_the_live_view_starts_with_the_starting_frame(kernel, live):
    *controls, view = live
    assert [kernel.models[one]["_model_name"] for one in controls] == [
        "SelectionSliderModel",
        "DropdownModel",
        "CheckboxModel",
    ]
    assert [kernel.models[one]["description"] for one in controls] == [
        "n",
        "kind",
        "log",
    ]
    assert kernel.models[controls[0]]["index"] == 1 and kernel.models[controls[0]][
        "_options_labels"
    ] == ["1", "5", "25"]
    assert kernel.models[view]["value"] == expected(kernel, "5, 'line', False")


@pytest.mark.parametrize(
    ("control", "state", "call"),
    [
        (0, {"index": 2}, "25, 'line', False"),
        (1, {"index": 1}, "5, 'dots', False"),
        (2, {"value": True}, "5, 'line', True"),
    ],
)
def test_a_moved_control_shows_what_the_function_gives(
    kernel, live, control, state, call
):
    before = kernel.models[live[-1]]["value"]
    kernel.move(live[control], **state)
    after = settle(kernel, live[-1])
    assert after == expected(kernel, call)
    assert after != before


def test_several_quick_moves_draw_once_the_last(kernel, live):
    kernel.run("calls.clear()")
    kernel.move(live[0], index=0)
    kernel.move(live[0], index=2)
    kernel.move(live[1], index=1)
    kernel.move(live[2], value=True)
    after = settle(kernel, live[-1])
    assert kernel.run("print(calls)")[0]["stdout"].strip() == "[(25, 'dots', True)]"
    assert after == expected(kernel, "25, 'dots', True")


def test_an_error_is_shown_in_place_and_the_next_move_recovers(kernel, live):
    kernel.run(
        "good, draw.__code__ = draw.__code__, (lambda n, kind, log: 1 // 0).__code__"
    )
    kernel.move(live[0], index=2)
    shown = BeautifulSoup(settle(kernel, live[-1]), "html.parser")
    assert shown.find(role="alert").get_text().startswith("ZeroDivisionError: ")
    kernel.run("draw.__code__ = good")
    kernel.updates.clear()
    kernel.move(live[0], index=0)
    assert settle(kernel, live[-1]) == expected(kernel, "1, 'line', False")


def test_a_change_from_a_later_cell_is_drawn_too(kernel, live):
    kernel.run(
        "from ipywidgets.widgets import widget; "
        f"widget._instances[{live[0]!r}].value "
        "= 25"
    )
    assert settle(kernel, live[-1]) == expected(kernel, "25, 'line', False")


def test_without_an_event_loop_a_change_is_drawn_at_once():
    drawn = []
    other = threading.Thread(
        target=_live._Debounced(lambda: drawn.append(1))
    )  # a thread has no loop, whatever ran before
    other.start()
    other.join()
    assert drawn == [1]
