"""What the library writes as JSON."""

from __future__ import annotations

Json = dict[str, object]  # an object; inside: further objects, lists, text, numbers, true, false and None
