"""What a subject calls counts that its family has other words for: heads may be umbrellas."""

from __future__ import annotations

import re

from emkit.explain.subject import Subject


def in_own_words(subject: Subject, text: str) -> str:
    """The text with counts called as the subject calls them; an index of theirs stays."""
    for word, own in subject.counted.items():
        text = re.sub(rf"(?<![A-Za-z]){word}(?![A-Za-z])", own, text)
    return text
