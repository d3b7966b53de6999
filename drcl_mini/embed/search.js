// What the page computes: features of words, the text encoder, who is near. No network, no library.
"use strict";

const Search = (() => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const floats = (text) => (text === null ? null : new Float32Array(bytes(text).buffer));

  // MurmurHash3, 32 bits, of a text in UTF-8: signed, as scikit-learn's feature hashing uses it.
  function murmur(text) {
    const data = new TextEncoder().encode(text);
    const whole = data.length & ~3;
    let hash = 0;
    const mixed = (k) => {
      k = Math.imul(k, 0xcc9e2d51);
      return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    };
    for (let i = 0; i < whole; i += 4) {
      hash ^= mixed(data[i] | (data[i + 1] << 8) | (data[i + 2] << 16) | (data[i + 3] << 24));
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
    }
    let rest = 0;
    for (let i = data.length - 1; i >= whole; i--) rest = (rest << 8) | data[i];
    hash ^= mixed(rest) ^ data.length;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }

  // White space and ASCII punctuation part words. Python's white space, letter by letter: \s here is another one.
  const BETWEEN = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000!-/:-@[-`{-~]+/;

  // The words of a text in lower case, a space at their ends, their letters, and longer pieces of them.
  function pieces(text, longest) {
    const found = [];
    for (const word of text.toLowerCase().split(BETWEEN).filter(Boolean)) {
      const letters = [" ", ...word, " "];
      found.push(letters.join(""), ...letters.slice(1, -1));
      for (let n = 2; n <= longest; n++) {
        for (let i = 0; i + n <= letters.length; i++) found.push(letters.slice(i, i + n).join(""));
      }
    }
    return found;
  }

  function unit(row) {
    const length = Math.hypot(...row);
    return length ? row.map((value) => value / length) : row;
  }

  // The features that drcl_mini.data.features.text_features makes.
  function features(text, columns, longest) {
    const row = new Float64Array(columns);
    for (const token of pieces(text, longest)) {
      const hash = murmur(token);
      row[Math.abs(hash) % columns] += hash >= 0 ? 1 : -1;
    }
    return unit(row);
  }

  function openEncoder(stored) {
    const layers = stored.layers.map((layer) => ({
      inputs: layer.inputs, weights: new Int8Array(bytes(layer.weights).buffer),
      scale: floats(layer.scale), bias: floats(layer.bias),
    }));
    return { inputs: stored.inputs, longest: stored.longest, mean: floats(stored.mean), deviation: floats(stored.deviation), layers };
  }

  // Features → unit vector of the common space, as drcl_mini.Encoder does.
  function encode(encoder, row) {
    let x = encoder.mean ? row.map((value, i) => (value - encoder.mean[i]) / encoder.deviation[i]) : row;
    encoder.layers.forEach((layer, number) => {
      const outputs = new Float64Array(layer.scale.length);
      for (let j = 0; j < outputs.length; j++) {
        let sum = 0;
        for (let i = 0, at = j * layer.inputs; i < layer.inputs; i++) sum += layer.weights[at + i] * x[i];
        sum = sum * layer.scale[j] + (layer.bias ? layer.bias[j] : 0);
        outputs[j] = number < encoder.layers.length - 1 ? Math.max(sum, 0) : sum;
      }
      x = outputs;
    });
    return unit(x);
  }

  const embed = (encoder, words) => encode(encoder, features(words, encoder.inputs, encoder.longest));

  // Unit rows of a medium, from eight bits a number.
  function openVectors(medium) {
    const stored = new Int8Array(bytes(medium.vectors).buffer);
    return medium.labels.map((_, i) => unit(Float64Array.from(stored.subarray(i * medium.dim, (i + 1) * medium.dim))));
  }

  // Places of the rows, nearest first, and their cosines.
  function nearest(query, rows) {
    const scores = rows.map((row) => row.reduce((sum, value, i) => sum + value * query[i], 0));
    const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b);
    return order.map((place) => ({ place, score: scores[place] }));
  }

  // How often each piece comes, to compare texts by spelling.
  function spelling(text) {
    const counts = new Map();
    for (const piece of pieces(text, 3)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    return { counts, length: Math.hypot(...counts.values()) || 1 };
  }

  function alike(a, b) {
    let sum = 0;
    for (const [piece, count] of a.counts) sum += count * (b.counts.get(piece) ?? 0);
    return sum / (a.length * b.length);
  }

  return { alike, embed, features, murmur, nearest, openEncoder, openVectors, spelling };
})();
