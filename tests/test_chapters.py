"""The blocks of each chapter build at every step, and all of them together make its stage."""

import pathlib
import sys

import pytest

from medusa import SLOWNESS, output_of
from transcripts import outside_environment

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import lessons  # noqa: E402

pytestmark = [pytest.mark.since("final"), pytest.mark.plain_build]

LIMIT = 60 * SLOWNESS  # seconds for one chapter


@pytest.mark.parametrize("folder", lessons.stages(), ids=lambda folder: folder.name)
def test_every_step_of_a_chapter_builds_and_the_last_one_is_its_stage(folder):
    words = (ROOT / "tools" / "chapter", "check", folder.name)
    status, output = output_of(*words, limit=LIMIT, env=outside_environment())
    if status:
        pytest.fail(output, pytrace=False)
