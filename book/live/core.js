// The mathematics of all live figures: matrices, DRCL's losses with their gradients, Adam, average precision.
// It says the same as the package, to six digits; tests/live compares both on the same numbers.
// A function with a name, so that a worker can be given its text.
function drclCore(root) {
  "use strict";
  const live = (root.drclLive = root.drclLive || {});
  if (live.core) return;

  // A matrix: n rows of d numbers, row after row in one array.
  class Mat {
    constructor(n, d, data) {
      this.n = n;
      this.d = d;
      this.a = data || new Float64Array(n * d);
    }
    static of(rows) {
      return new Mat(rows.length, rows[0].length, Float64Array.from(rows.flat()));
    }
    static normal(n, d, random) {
      return new Mat(n, d, Float64Array.from({ length: n * d }, () => random.normal()));
    }
    row(i) {
      return this.a.subarray(i * this.d, (i + 1) * this.d);
    }
    rows() {
      return Array.from({ length: this.n }, (_, i) => Array.from(this.row(i)));
    }
    take(index) {
      const out = new Mat(index.length, this.d);
      index.forEach((i, at) => out.row(at).set(this.row(i)));
      return out;
    }
    map(work) {
      return new Mat(this.n, this.d, this.a.map(work));
    }
    plus(other, factor = 1) {
      return this.map((x, i) => x + factor * other.a[i]);
    }
    get T() {
      const out = new Mat(this.d, this.n);
      for (let i = 0; i < this.n; i++)
        for (let j = 0; j < this.d; j++) out.a[j * this.n + i] = this.a[i * this.d + j];
      return out;
    }
    // this · other; inner loops run along rows, which are contiguous.
    times(other) {
      const out = new Mat(this.n, other.d);
      for (let i = 0; i < this.n; i++) {
        const to = out.row(i);
        for (let k = 0; k < this.d; k++) {
          const x = this.a[i * this.d + k];
          if (x === 0) continue;
          const from = other.row(k);
          for (let j = 0; j < other.d; j++) to[j] += x * from[j];
        }
      }
      return out;
    }
  }

  const dot = (a, b) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
    return sum;
  };
  const norm = (a) => Math.sqrt(dot(a, a));
  const mean = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;

  // Random numbers from a seed (mulberry32): uniform, normal, a permutation.
  function random(seed) {
    let state = seed >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const permutation = (n) => {
      const order = Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = Math.floor(uniform() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
      }
      return order;
    };
    return { uniform, normal, permutation };
  }

  // A⁻¹ by Gauss and Jordan, with pivots.
  function inverse(A) {
    const n = A.n;
    const left = new Mat(n, n, A.a.slice());
    const right = new Mat(n, n);
    for (let i = 0; i < n; i++) right.row(i)[i] = 1;
    for (let k = 0; k < n; k++) {
      let best = k;
      for (let i = k; i < n; i++) if (Math.abs(left.row(i)[k]) > Math.abs(left.row(best)[k])) best = i;
      for (const m of [left, right]) {
        const kept = m.row(k).slice();
        m.row(k).set(m.row(best));
        m.row(best).set(kept);
      }
      const pivot = left.row(k)[k];
      for (const m of [left, right]) m.row(k).forEach((x, j, row) => (row[j] = x / pivot));
      for (let i = 0; i < n; i++) {
        const factor = left.row(i)[k];
        if (i === k || factor === 0) continue;
        for (const m of [left, right]) {
          const from = m.row(k);
          m.row(i).forEach((x, j, row) => (row[j] = x - factor * from[j]));
        }
      }
    }
    return right;
  }

  // W⁺ = (WᵀW + λI)⁻¹ Wᵀ, (C, D), for W (D, C) with linearly independent columns; λ is the ridge.
  function pseudoInverse(W, ridge = 0) {
    const gram = W.T.times(W);
    for (let c = 0; c < gram.n; c++) gram.row(c)[c] += ridge;
    return inverse(gram).times(W.T);
  }

  // R = Y W⁺: the target of each label.
  const recast = (Y, W, ridge = 0) => Y.times(pseudoInverse(W, ridge));

  function unitRows(A) {
    const out = new Mat(A.n, A.d, A.a.slice());
    for (let i = 0; i < A.n; i++) {
      const length = Math.max(norm(A.row(i)), 1e-12);
      out.row(i).forEach((x, j, row) => (row[j] = x / length));
    }
    return out;
  }

  // The gradient with respect to A, from the one with respect to its unit rows Â.
  function throughUnit(A, unit, gradient) {
    const out = new Mat(A.n, A.d);
    for (let i = 0; i < A.n; i++) {
      const length = Math.max(norm(A.row(i)), 1e-12);
      const along = dot(unit.row(i), gradient.row(i));
      const [u, g] = [unit.row(i), gradient.row(i)];
      out.row(i).forEach((_, j, row) => (row[j] = (g[j] - along * u[j]) / length));
    }
    return out;
  }

  function softmax(Z) {
    const out = new Mat(Z.n, Z.d);
    for (let i = 0; i < Z.n; i++) {
      const z = Z.row(i);
      const most = Math.max(...z);
      const to = out.row(i);
      let sum = 0;
      for (let c = 0; c < Z.d; c++) sum += to[c] = Math.exp(z[c] - most);
      for (let c = 0; c < Z.d; c++) to[c] /= sum;
    }
    return out;
  }

  // GCE_q(Z, Y) = mean of (1 − h^q) / q, with h = Σ_c Y_c softmax(Z)_c; at q = 0 the mean of −log h.
  // The gradient is with respect to the logits Z.
  function gce(Z, Y, q) {
    const P = softmax(Z);
    const gradient = new Mat(Z.n, Z.d);
    let value = 0;
    for (let i = 0; i < Z.n; i++) {
      const [p, y, to] = [P.row(i), Y.row(i), gradient.row(i)];
      const h = dot(p, y);
      value += (q > 0 ? -Math.expm1(q * Math.log(h)) / q : -Math.log(h)) / Z.n;
      const slope = -Math.pow(h, q - 1) / Z.n;
      for (let c = 0; c < Z.d; c++) to[c] = slope * p[c] * (y[c] - h);
    }
    return { value, gradient, P };
  }

  // S(A, B): twice the cosine of each pair of rows.
  const similarity = (A, B) => unitRows(A).times(unitRows(B).T).map((x) => 2 * x);

  // The three other losses of DRCL; their gradients are with respect to the features F.
  const meanSquare = (A) => dot(A.a, A.a) / A.a.length;

  function intra(R, F) {
    const unit = unitRows(F);
    const gap = similarity(R, R).plus(similarity(F, F), -1);
    const outer = gap.times(unit).map((x) => (-8 * x) / (F.n * F.n));
    return { value: meanSquare(gap), gradient: throughUnit(F, unit, outer) };
  }

  function inter(R, F) {
    const unit = unitRows(F);
    const cross = similarity(R, F);
    const gap = cross.plus(cross.T, -1);
    const outer = gap.T.times(unitRows(R)).map((x) => (8 * x) / (F.n * F.n));
    return { value: meanSquare(gap), gradient: throughUnit(F, unit, outer) };
  }

  function mse(R, F) {
    const gap = F.plus(R, -1);
    return { value: meanSquare(gap), gradient: gap.map((x) => (2 * x) / F.a.length) };
  }

  function label(F, Y, W, q) {
    const { value, gradient, P } = gce(F.times(W), Y, q);
    return { value, gradient: gradient.times(W.T), P };
  }

  // All four terms on a batch of features F (n, D), augmented or not, with labels Y (n, C).
  function consistency(F, Y, W, inverted, q) {
    const R = Y.times(inverted);
    return { intra: intra(R, F), inter: inter(R, F), mse: mse(R, F), label: label(F, Y, W, q) };
  }

  // γ A + (1 − γ) A_π
  const augment = (A, gamma, order) => A.map((x) => gamma * x).plus(A.take(order), 1 - gamma);

  // Adam, with decoupled weight decay where it is wanted.
  class Adam {
    constructor(size, rate, { betas = [0.5, 0.999], decay = 0 } = {}) {
      Object.assign(this, { rate, betas, decay, steps: 0 });
      this.m = new Float64Array(size);
      this.v = new Float64Array(size);
    }
    step(values, gradient) {
      const [b1, b2] = this.betas;
      this.steps += 1;
      const [c1, c2] = [1 - b1 ** this.steps, 1 - b2 ** this.steps];
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i];
        this.m[i] = b1 * this.m[i] + (1 - b1) * g;
        this.v[i] = b2 * this.v[i] + (1 - b2) * g * g;
        const move = this.m[i] / c1 / (Math.sqrt(this.v[i] / c2) + 1e-8);
        values[i] = values[i] * (1 - this.rate * this.decay) - this.rate * move;
      }
    }
  }

  // AP@k of a ranking, from its relevance (true or false), normalised by what is relevant within the first k.
  function averagePrecision(relevance, k = relevance.length) {
    let [hits, sum] = [0, 0];
    relevance.slice(0, k).forEach((right, place) => {
      if (right) sum += ++hits / (place + 1);
    });
    return hits ? sum / hits : 0;
  }

  // Rows of a gallery by their cosine with a query, the nearest first; equal ones in their own order.
  function ranking(query, gallery) {
    const cosines = Array.from({ length: gallery.n }, (_, i) => dot(query, gallery.row(i)));
    return cosines.map((_, i) => i).sort((i, j) => cosines[j] - cosines[i] || i - j);
  }

  // mAP of queries A with classes a in a gallery B with classes b.
  function meanAveragePrecision(A, a, B, b, k) {
    const [queries, gallery] = [unitRows(A), unitRows(B)];
    const each = a.map((y, i) => averagePrecision(ranking(queries.row(i), gallery).map((j) => b[j] === y), k));
    return mean(each);
  }

  const oneHot = (labels, classes) => {
    const out = new Mat(labels.length, classes);
    labels.forEach((y, i) => (out.row(i)[y] = 1));
    return out;
  };

  live.core = {
    Mat, Adam, dot, norm, mean, random, pseudoInverse, recast, unitRows, throughUnit, softmax, gce,
    intra, inter, mse, label, consistency, augment, averagePrecision, ranking, meanAveragePrecision, oneHot,
  };
}
drclCore(typeof self === "undefined" ? globalThis : self);
