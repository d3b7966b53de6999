"""Raw items as HTML: pictures, captions, players, animations, pen strokes, shapes."""

import base64
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.draw import SIZE, as_file, as_image, pictures
from ..data.media import mime

if TYPE_CHECKING:
    from IPython.display import HTML

WHAT = {"image/gif": "moving picture", "image/svg+xml": "pen"}
"""What a screen reader says of an item without a caption, by its media type; else "picture"."""


def show(item: Any, caption: str = "") -> "HTML":
    """A raw item as HTML that needs no kernel and no network.

    Animations stand still for readers whose system asks for reduced motion.

    Args:
        item: a picture (H, W) or uint8 (H, W, 3); a caption (str); a sound (int16 samples at 8
            kHz); a clip uint8 (frames, H, W); points of a shape, floats (n, 3); its lit surface,
            int8 (n, 9), see :func:`drcl_mini.data.draw.lit`; a pen's way, integers (n, 2); or the
            bytes of a file, uint8 (n,): PNG, JPEG, WebP, GIF, FLAC, Ogg or WAV.
        caption: a line of text under it; also what a screen reader reads.

    Raises:
        ValueError: something that is none of these.

    Example:
        >>> show("a cat naps").data[-40:]
        'ckquote>a cat naps</blockquote></figure>'
    """
    from IPython.display import HTML

    return HTML(as_html(item, caption))


def as_html(item: Any, caption: str = "") -> str:
    """The HTML of :func:`show`."""
    text = escape(caption)
    below = f'<figcaption style="font-size:small">{text}</figcaption>' if text else ""
    style = "display:inline-block;margin:4px;vertical-align:top"
    return f'<figure style="{style}">{_body(item, text)}{below}</figure>'


def _body(item: Any, name: str) -> str:
    if isinstance(item, str):
        return f"<blockquote>{escape(item)}</blockquote>"
    kind, data = as_file(item)
    uri = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    if kind.startswith("audio/"):
        label = f'aria-label="{name or "sound"}"'
        return f'<audio controls style="width:220px" {label} src="{uri}"></audio>'
    style = "background:white" if mime(item) else "image-rendering:pixelated"
    style = "" if kind == "image/svg+xml" else style
    what = WHAT.get(kind, "picture")
    shown = f'<img width="{SIZE}" style="{style}" alt="{name or what}" src="{uri}">'
    moving = pictures(item) if kind == "image/gif" else ()
    return _with_still(shown, moving[:1]) if len(moving) > 1 else shown


def _with_still(moving: str, still: np.ndarray) -> str:
    """An animation that stands still for readers who ask for reduced motion."""
    kind, data = as_image(still)
    place = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    source = f'<source media="(prefers-reduced-motion: reduce)" srcset="{place}">'
    return f"<picture>{source}{moving}</picture>"
