import { json, protobuf } from './codec-target.ts';
import { envelopes } from './envelope-target.ts';
import { framesToClient, framesToServer } from './frames-target.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { hpack } from './hpack-target.ts';
import { http2ToClient, http2ToServer } from './http2-target.ts';

interface FuzzPlan {
  /** How many inputs the long run gives it. */
  readonly inputs: number;
  make(): FuzzTarget;
}

/** By the names that a run prints. Together the own frames get ten million inputs. */
export const fuzzTargets: Readonly<Record<string, FuzzPlan>> = {
  'frames-to-server': { inputs: 6_000_000, make: framesToServer },
  'frames-to-client': { inputs: 4_000_000, make: framesToClient },
  hpack: { inputs: 1_000_000, make: hpack },
  'http2-to-server': { inputs: 600_000, make: http2ToServer },
  'http2-to-client': { inputs: 400_000, make: http2ToClient },
  protobuf: { inputs: 1_000_000, make: protobuf },
  json: { inputs: 1_000_000, make: json },
  envelopes: { inputs: 1_000_000, make: envelopes },
};
