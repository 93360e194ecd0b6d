"""What an explorer on a page holds, read from its HTML without a browser."""

import json
import re

EXPLORER = re.compile(
    r'<div class="dlp-explore">.*?<script type="application/json">(.*?)</script>'
    r'<script type="application/json">(.*?)</script>',
    re.DOTALL,
)


def whole(pieces: list[str], ranges: str) -> str:
    """Return the text that ranges of pieces make, as explore.js puts it together."""
    ends = [[int(end) for end in one.split("-")] for one in ranges.split()]
    return "".join("".join(pieces[one[0] : one[-1] + 1]) for one in ends)


def explorers_in(html: str) -> list[dict]:
    """Return the data of every explorer of a page: names and starts of its choices, and
    its frames with their pieces put together.
    """
    found = [
        json.loads(head) | json.loads(body) for head, body in EXPLORER.findall(html)
    ]
    for data in found:
        for frame in data["frames"]:
            for part in ("svg", "table"):
                frame[part] = whole(data["pieces"], frame[part])
    return found
