"""A fit written up: a report as a record of plain values, and its Markdown."""

from emkit.writeup.document import Document, Figure, Link, Number, Paragraph, Section, Table
from emkit.writeup.markdown import markdown
from emkit.writeup.whole import document, document_of_choice

__all__ = ["Document", "Figure", "Link", "Number", "Paragraph", "Section", "Table"]
__all__ += ["document", "document_of_choice", "markdown"]
