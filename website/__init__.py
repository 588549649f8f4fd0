"""What builds the site of docs/: hooks of mkdocs, the figures of the gallery, and a check of every link."""
