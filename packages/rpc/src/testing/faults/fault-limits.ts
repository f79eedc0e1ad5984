import type { RpcLimits } from '../../core/limits.ts';

/** Limits of both sides in faults that only time tells: a peer that is silent is found soon. */
export const faultLimits: Partial<RpcLimits> = {
  keepaliveIntervalMs: 500,
  keepaliveTimeoutMs: 1_000,
  handshakeTimeoutMs: 2_000,
};

/** Beside what is promised: the machine may be busy with something else. */
const slackMs = 3_000;

/**
 * Within this time a side with `faultLimits` knows that its peer is gone, in milliseconds: bytes that
 * came right after a look, the interval to the next look, the one to the ping, and the ping's limit.
 */
export const silenceLimitMs: number = 2 * 500 + 1_000 + slackMs;
