/**
 * `bun run benchmarks/jwt.ts`: tokens of HS256 that are signed and verified in a second, beside
 * fast-jwt, jsonwebtoken and jose, and HMAC alone as the floor. Prints a Markdown table; ends with an
 * error when one of them does not verify what another has signed.
 */
import { createHmac, createSecretKey } from 'node:crypto';
import { cpus, release } from 'node:os';
import { Hs256 } from '@zeke/foundation/auth/jwt';
import { createSigner, createVerifier } from 'fast-jwt';
import { jwtVerify, SignJWT } from 'jose';
import * as jsonwebtoken from 'jsonwebtoken';
import { figure, markdownTable } from './gateway/report/markdown.ts';
import { median } from './gateway/statistics.ts';

/** Rounds in which everything is measured once, one after the other. */
const rounds = 20;
const callsPerRound = 10_000;
const warmUpRounds = 5;
const goalPerSecond = 100_000;

const secret = Buffer.alloc(32, 'a secret for benchmarks');
const seconds = Math.floor(Date.now() / 1000);
const claims = {
  iss: 'https://zeke.example',
  aud: 'gateway',
  sub: 'user-4711',
  iat: seconds,
  exp: seconds + 3_600,
  scope: 'models.read chat.write',
};

interface Peer {
  readonly name: string;
  readonly sign: () => string | Promise<string>;
  readonly verify: (token: string) => unknown;
}

const peers = [zeke(), hmacAlone(), fastJwt(), jsonWebToken(), jose()];

await compareTokens();
const costs = await measure();
console.log(table());
console.log(`\n${goal('sign')}\n${goal('verify')}\n\n${conditions()}`);

function zeke(): Peer {
  const { iss: issuer, aud: audience } = claims;
  const tokens = new Hs256({ keys: [{ secret }], issuer, audience });
  const verify = (token: string) => {
    const verdict = tokens.verify(token);
    return verdict.ok ? verdict.claims : undefined;
  };
  return { name: 'zeke', sign: () => tokens.sign(claims), verify };
}

/** The floor: the signature of the same bytes, without JSON, base64url of a payload or a check. */
function hmacAlone(): Peer {
  const key = createSecretKey(secret);
  const signed = `${'h'.repeat(36)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  const sign = () => createHmac('sha256', key).update(signed).digest('base64url');
  return { name: 'HMAC alone', sign, verify: sign };
}

function fastJwt(): Peer {
  const sign = createSigner({ key: secret, algorithm: 'HS256' });
  const verify = createVerifier({
    key: secret,
    algorithms: ['HS256'],
    allowedIss: claims.iss,
    allowedAud: claims.aud,
  });
  return { name: 'fast-jwt', sign: () => sign(claims), verify };
}

function jsonWebToken(): Peer {
  const { iss: issuer, aud: audience } = claims;
  return {
    name: 'jsonwebtoken',
    sign: () => jsonwebtoken.sign(claims, secret, { algorithm: 'HS256' }),
    verify: (token) =>
      jsonwebtoken.verify(token, secret, { algorithms: ['HS256'], issuer, audience }),
  };
}

function jose(): Peer {
  const { iss: issuer, aud: audience } = claims;
  const header = { alg: 'HS256', typ: 'JWT' };
  return {
    name: 'jose',
    sign: () => new SignJWT(claims).setProtectedHeader(header).sign(secret),
    verify: async (token) =>
      (await jwtVerify(token, secret, { algorithms: ['HS256'], issuer, audience })).payload,
  };
}

/** All sign and read the same claims; `HMAC alone` has no tokens. */
async function compareTokens(): Promise<void> {
  const wanted = JSON.stringify(Object.entries(claims).toSorted());
  const able = peers.filter(({ name }) => name !== 'HMAC alone');
  for (const signer of able) {
    const token = await signer.sign();
    for (const { name, verify } of able) {
      const read = JSON.stringify(Object.entries((await verify(token)) ?? {}).toSorted());
      if (read !== wanted) throw new Error(`${name} does not read what ${signer.name} has signed`);
    }
  }
}

interface Cost {
  readonly sign: number[];
  readonly verify: number[];
}

/** Microseconds of processor time for a token, by round. */
async function measure(): Promise<ReadonlyMap<Peer, Cost>> {
  const all = new Map<Peer, Cost>(peers.map((peer) => [peer, { sign: [], verify: [] }]));
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [peer, cost] of all) {
      const token = await peer.sign();
      const signed = await timeUs(() => peer.sign());
      const verified = await timeUs(() => peer.verify(token));
      if (round < 0) continue;
      cost.sign.push(signed);
      cost.verify.push(verified);
    }
  }
  return all;
}

/** Processor time, that of helping threads included: what a core is busy with. */
async function timeUs(call: () => unknown): Promise<number> {
  const isAsync = call() instanceof Promise;
  const start = process.cpuUsage();
  if (isAsync) for (let i = 0; i < callsPerRound; i++) await call();
  else for (let i = 0; i < callsPerRound; i++) call();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / callsPerRound;
}

function table(): string {
  const [own] = costs.values();
  const rows = [...costs].map(([{ name }, { sign, verify }]) => [
    name,
    perSecond(sign),
    figure(median(sign.map((us, i) => (own?.sign[i] ?? 0) / us))),
    perSecond(verify),
    figure(median(verify.map((us, i) => (own?.verify[i] ?? 0) / us))),
  ]);
  return markdownTable(['HS256', 'signed/s', '× zeke', 'verified/s', '× zeke'], rows);
}

function perSecond(costUs: readonly number[]): string {
  return Math.round(1e6 / (median(costUs) ?? Number.NaN)).toLocaleString('en-US');
}

function goal(what: 'sign' | 'verify'): string {
  const [own] = costs.values();
  const isMet = 1e6 / (median(own?.[what] ?? []) ?? Number.NaN) >= goalPerSecond;
  const least = goalPerSecond.toLocaleString('en-US');
  return `Goal to ${what}: at least ${least} a second on a core, ${isMet ? 'met' : 'not met'}.`;
}

/** How it was measured, when and where. */
function conditions(): string {
  const all = cpus();
  return [
    `Tokens in a second of processor time, medians of ${rounds} rounds of`,
    `${callsPerRound.toLocaleString('en-US')} calls, ratios round by round. No cache of tokens.`,
    `${new Date().toISOString().slice(0, 10)}, Bun ${Bun.version},`,
    `${all.length} cores of ${all[0]?.model ?? 'unknown make'}, Linux ${release()}.`,
  ].join(' ');
}
