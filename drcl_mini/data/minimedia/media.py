"""Raw items of four media, drawn from traits: pictures, sounds, clips, point clouds.

Every function takes traits z (n, k), about -1.5 to 1.5 in each dimension, and a random source for
what doesn't depend on the class (place, turn, background). It returns integers or rounded numbers,
so that the same seed gives the same items on every machine.
"""

import numpy as np

SIDE = 32
"""Height and width of pictures and clips."""
RATE = 8000
"""Samples a second; a sound is one second long."""
FRAMES = 12
"""Frames in a clip."""
POINTS = 512
"""Points in a cloud."""

TRAITS = {"image": 7, "audio": 6, "video": 6, "3d": 5}
"""Dimensions of the trait space of each medium."""


def between(z: np.ndarray, low: float, high: float) -> np.ndarray:
    """A trait mapped to a range: low far below 0, high far above."""
    return low + (high - low) / (1 + np.exp(-2 * z))


def pictures(z: np.ndarray, source: np.random.Generator) -> np.ndarray:
    """uint8 (n, 32, 32, 3): a striped body with two legs and two ears before a plain ground."""
    n = len(z)
    hue, aspect, power, legs, ears, stripes, light = z.T[:, :, None, None]
    x, y = _grid(n, source)
    wide = 0.42 * between(aspect, 0.65, 1.5)
    tall = 0.42 / between(aspect, 0.65, 1.5)
    bend = between(power, 1.2, 6.0)
    body = _soft(1 - (np.abs(x / wide) ** bend + np.abs(y / tall) ** bend), 6)
    long = between(legs, 0.05, 0.6)
    beside_legs = 0.09 - np.abs(np.abs(x) - 0.55 * wide)
    legs_shape = _soft(beside_legs, 25) * _soft(y, 25) * _soft(tall + long - y, 25)
    high = between(ears, 0.05, 0.6)
    above = np.clip((-y - 0.7 * tall) / high, 0, 1)
    beside_ears = 0.2 * (1 - above) - np.abs(np.abs(x) - 0.5 * wide)
    ears_shape = _soft(beside_ears, 25) * _soft(-y - 0.5 * tall, 25) * (above < 1)
    mask = np.maximum(body, np.maximum(legs_shape, ears_shape))[..., None]
    wave = 1 + 0.45 * np.cos(2 * np.pi * between(stripes, 0.5, 5.0) * (x + 0.3 * y))
    colour = _colour(between(hue, 0.0, 0.8), 0.75, between(light, 0.45, 0.95))
    ink = colour * np.minimum(wave, 1.2)[..., None]
    ground = _colour(source.random((n, 1, 1)), 0.25, source.uniform(0.3, 0.9, (n, 1, 1)))
    noise = source.normal(scale=0.06, size=(n, SIDE, SIDE, 3))
    return (np.clip(mask * ink + (1 - mask) * ground + noise, 0, 1) * 255).round().astype(np.uint8)


def sounds(z: np.ndarray, source: np.random.Generator) -> np.ndarray:
    """int16 (n, 8000): one second of a pulsing tone with overtones and hiss."""
    n = len(z)
    pitch, tilt, hiss, pulse, decay, bend = z.T[:, :, None]
    time = np.arange(RATE) / RATE
    start = 110 * 2 ** (between(pitch, 0, 3) + source.normal(scale=0.05, size=(n, 1)))
    phase = 2 * np.pi * start * (time + between(bend, -0.12, 0.12) * time**2)
    before, wave, tone = 0.0, np.sin(phase), 0.0
    twice_cosine = 2 * np.cos(phase)
    for overtone in range(1, 7):
        tone = tone + overtone ** -between(tilt, 0.3, 2.5) * (start * overtone < RATE / 2.3) * wave
        # sin((h + 1) φ) from sin(h φ) and sin((h - 1) φ)
        before, wave = wave, twice_cosine * wave - before
    share = between(hiss, 0.02, 0.75)
    noise = source.normal(size=(n, RATE))
    tone = (1 - share) * tone / tone.std(axis=1, keepdims=True) + share * noise
    beat = 0.55 + 0.45 * np.cos(2 * np.pi * (between(pulse, 1, 9) * time + source.random((n, 1))))
    envelope = beat * np.exp(-between(decay, 0.1, 4.0) * time)
    wave = tone * (envelope + 0.01)
    return (wave / np.abs(wave).max(axis=1, keepdims=True) * 29000).round().astype(np.int16)


def clips(z: np.ndarray, source: np.random.Generator) -> np.ndarray:
    """uint8 (n, 12, 32, 32): a bright spot on a Lissajous curve, which grows and flickers."""
    n = len(z)
    speed, ratio, wide, size, grow, flicker = z.T[:, :, None]
    time = np.arange(FRAMES) / FRAMES
    begin = 2 * np.pi * source.random((n, 2, 1))
    turn = 2 * np.pi * between(speed, 0.4, 2.2) * time
    x = between(wide, 0.1, 0.7) * np.cos(turn + begin[:, 0])
    y = between(-wide, 0.1, 0.7) * np.sin(between(ratio, 0.5, 2.0) * turn + begin[:, 1])
    radius = between(size, 0.1, 0.3) * (1 + between(grow, -0.5, 0.9) * time)
    bright = 0.75 + 0.25 * np.cos(2 * np.pi * between(flicker, 0.3, 4.0) * time + begin[:, 0])
    step = np.linspace(-1, 1, SIDE)
    square = (step - x[..., None])[..., None, :] ** 2 + (step - y[..., None])[..., :, None] ** 2
    frames = bright[..., None, None] * np.exp(-square / (2 * radius[..., None, None] ** 2))
    frames += source.normal(scale=0.08, size=frames.shape)
    return (np.clip(frames, 0, 1) * 255).round().astype(np.uint8)


def clouds(z: np.ndarray, source: np.random.Generator) -> np.ndarray:
    """float32 (n, 512, 3): points on a bumpy superellipsoid, turned at random; thousandths."""
    n = len(z)
    long, flat, square, bumps, many = z.T[:, :, None]
    around = source.uniform(-np.pi, np.pi, (n, POINTS))
    height = np.arcsin(source.uniform(-1, 1, (n, POINTS)))
    edge = between(square, 0.25, 1.6)
    wave = np.cos(np.round(between(many, 1, 7)) * around)
    radius = 1 + between(bumps, 0.0, 0.5) * wave * np.cos(height)
    level = _power(np.cos(height), edge)
    x = between(long, 0.6, 2.2) * level * _power(np.cos(around), edge)
    y = level * _power(np.sin(around), edge)
    shape = np.stack([x, y, between(flat, 0.3, 1.5) * _power(np.sin(height), edge)], axis=-1)
    cloud = shape * radius[..., None] + source.normal(scale=0.02, size=(n, POINTS, 3))
    turn, _ = np.linalg.qr(source.normal(size=(n, 3, 3)))
    return (cloud @ turn).round(3).astype(np.float32)


def _grid(n: int, source: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (n, 32, 32) in about -1 to 1, moved and turned a little for each item."""
    step = np.linspace(-1, 1, SIDE)
    x = step - source.uniform(-0.18, 0.18, (n, 1, 1))
    y = step[:, None] - source.uniform(-0.18, 0.18, (n, 1, 1))
    angle = source.normal(scale=0.25, size=(n, 1, 1))
    return x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)


def _soft(inside: np.ndarray, sharpness: float) -> np.ndarray:
    """1 where positive, 0 where negative, with a soft edge."""
    return 1 / (1 + np.exp(-np.clip(2 * sharpness * inside, -30, 30)))


def _colour(hue: np.ndarray, saturation: float, value: np.ndarray) -> np.ndarray:
    """RGB (…, 3) from hue, saturation and value, each 0 to 1."""
    channel = np.abs((hue[..., None] * 6 + np.array([0, 4, 2])) % 6 - 3) - 1
    return value[..., None] * (1 - saturation + saturation * np.clip(channel, 0, 1))


def _power(x: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    return np.sign(x) * np.abs(x) ** exponent
