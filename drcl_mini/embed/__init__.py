"""Your own pictures, texts and sounds: ``embed`` makes a data file, ``page`` a search page.

``row`` is an item as it was given, ``folder``, ``table`` and ``rows`` say which there are,
``splits`` what they are for, ``reading`` opens one, ``models`` makes features, ``partial`` keeps
what is done, ``extract`` runs through it all, ``assemble`` makes the data set, ``added`` puts more
items into it, ``output`` says where it is written, ``command`` is the command; ``gallery``,
``packing`` and ``page`` write the page of ``page.html``, ``page.css``, ``search.js``, ``page.js``.
"""
