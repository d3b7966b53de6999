"""Your own pictures, texts and sounds: ``embed`` makes a data file, ``page`` a search page.

``table`` says what there is, ``splits`` what it is for, ``reading`` opens an item, ``models`` makes
features, ``partial`` keeps what is done, ``extract`` runs through it all, ``assemble`` makes the
data set, ``command`` is the command; ``gallery`` and ``page`` write the page of ``page.html``,
``page.css``, ``search.js`` and ``page.js``.
"""
