import type { Slices } from '../../completion/local/slices.ts';
import type { Interest, ReferenceGraph } from './reference-graph.ts';

const damping = 0.85;
const maxRounds = 50;
/** Ranks sum to 1: a round that moves less than this in all is the last. */
const precision = 1e-6;

/**
 * How much each file matters to who cares for `interest`: personalised PageRank (Page and others 1998).
 * Ranks are at least 0 and sum to 1; equal arguments give equal ranks.
 */
export async function pageRank(
  graph: ReferenceGraph,
  isFile: (file: number) => boolean,
  interest: Interest,
  slices: Slices,
): Promise<Float64Array> {
  const { starts, targets, weights } = graph;
  const count = starts.length - 1;
  const home = homeOf(count, isFile, interest);
  const outgoing = new Float64Array(count);
  for (let file = 0; file < count; file++) {
    for (let edge = starts[file] ?? 0; edge < (starts[file + 1] ?? 0); edge++) {
      outgoing[file] = (outgoing[file] ?? 0) + (weights[edge] ?? 0);
    }
  }
  let ranks = home.slice();
  for (let round = 0; round < maxRounds; round++) {
    const next = new Float64Array(count);
    let lost = 0;
    for (let file = 0; file < count; file++) {
      const rank = ranks[file] ?? 0;
      const all = outgoing[file] ?? 0;
      if (all === 0) lost += rank;
      else {
        for (let edge = starts[file] ?? 0; edge < (starts[file + 1] ?? 0); edge++) {
          const target = targets[edge] ?? 0;
          next[target] = (next[target] ?? 0) + (rank * (weights[edge] ?? 0)) / all;
        }
      }
    }
    let moved = 0;
    for (let file = 0; file < count; file++) {
      const start = home[file] ?? 0;
      const rank = damping * ((next[file] ?? 0) + lost * start) + (1 - damping) * start;
      moved += Math.abs(rank - (ranks[file] ?? 0));
      next[file] = rank;
    }
    ranks = next;
    if (moved < precision) break;
    await slices.breathe();
  }
  return ranks;
}

/** Of all walks, those that begin at what is of interest; the others begin anywhere. */
const interestShare = 0.85;

function homeOf(
  count: number,
  isFile: (file: number) => boolean,
  interest: Interest,
): Float64Array {
  const home = new Float64Array(count);
  const files = Array.from({ length: count }, (_, file) => file).filter(isFile);
  const known = [...interest.files].filter(([file]) => isFile(file));
  const elsewhere = known.length === 0 ? 1 : 1 - interestShare;
  for (const file of files) home[file] = elsewhere / files.length;
  const sum = known.reduce((all, [, weight]) => all + weight, 0);
  for (const [file, weight] of known) {
    home[file] = (home[file] ?? 0) + (interestShare * weight) / sum;
  }
  return home;
}
