import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { Resolver } from 'node:dns/promises';
import type { RpcError } from '../rpc-error.ts';
import { dnsServer, type TestDnsServer } from '../testing/dns-server.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import {
  type DnsDiscoveryOptions,
  type DnsEndpoints,
  type DnsResolver,
  discoverDns,
} from './discover-dns.ts';

let server: TestDnsServer;
let clock: ManualClock;

beforeAll(async () => {
  server = await dnsServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

beforeEach(() => {
  server.names.clear();
  server.fails = false;
  clock = new ManualClock();
});

function discover(options: DnsDiscoveryOptions) {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([server.address]);
  return discoverDns({ resolver, clock, ...options });
}

const srv = (name: string, port: number, priority = 1, weight = 10) => ({
  name,
  port,
  priority,
  weight,
});

/** Resolves when the endpoints are at these addresses. */
function until(endpoints: DnsEndpoints, ...addresses: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    endpoints.onChange((current) => {
      if (String(current.map(({ address }) => address)) === String(addresses)) resolve();
    });
  });
}

test('SRV records are endpoints, with priority and weight', async () => {
  const records = [srv('b.example', 2), srv('a.example', 1, 1, 20), srv('spare.example', 3, 2)];
  server.names.set('_grpc._tcp.notes.example', { srv: records });
  using found = await discover({ name: '_grpc._tcp.notes.example' });
  expect(found.current).toEqual([
    { address: 'http://a.example:1', priority: 1, weight: 20 },
    { address: 'http://b.example:2', priority: 1, weight: 10 },
    { address: 'http://spare.example:3', priority: 2, weight: 10 },
  ]);
});

test('a service that is decidedly not there has no endpoint', async () => {
  server.names.set('_grpc._tcp.notes.example', { srv: [srv('.', 0)] });
  using found = await discover({ name: '_grpc._tcp.notes.example' });
  expect(found.current).toEqual([]);
});

test('addresses are endpoints at a port', async () => {
  server.names.set('notes.example', { a: ['127.0.0.2', '127.0.0.1'] });
  using discovery = await discover({ name: 'notes.example', port: 50051, scheme: 'https://' });
  const addresses = discovery.current.map(({ address }) => address);
  expect(addresses).toEqual(['https://127.0.0.1:50051', 'https://127.0.0.2:50051']);
});

test('IPv6 addresses stand in brackets', async () => {
  const resolver: DnsResolver = {
    resolveSrv: async () => [],
    resolve4: async () => [],
    resolve6: async () => [{ address: '::1', ttl: 60 }],
  };
  using discovery = await discover({ name: 'notes.example', port: 1, resolver });
  expect(discovery.current[0]?.address).toBe('http://[::1]:1');
});

test('changes are found when it is asked again, sooner where a record lives shorter', async () => {
  // A longer life and the resolver itself would keep the old answer.
  server.names.set('notes.example', { a: ['127.0.0.1'], ttlSeconds: 0 });
  using discovery = await discover({ name: 'notes.example', port: 1 });
  expect(clock.nextDelayMs).toBe(1_000);
  server.names.set('notes.example', { a: ['127.0.0.3'] });
  const changed = until(discovery, 'http://127.0.0.3:1');
  clock.advance(1_000);
  await changed;
  expect(clock.nextDelayMs).toBe(30_000);
});

test('a name that is not there has no endpoints, and is asked about again', async () => {
  using discovery = await discover({ name: '_grpc._tcp.later.example' });
  expect(discovery.current).toEqual([]);
  server.names.set('_grpc._tcp.later.example', { srv: [srv('a.example', 1)] });
  const changed = until(discovery, 'http://a.example:1');
  clock.advance(30_000);
  await changed;
});

test('while DNS fails, what is known stays', async () => {
  server.names.set('notes.example', { a: ['127.0.0.1'], ttlSeconds: 0 });
  const failed = Promise.withResolvers<RpcError>();
  using discovery = await discover({ name: 'notes.example', port: 1, onError: failed.resolve });
  server.fails = true;
  clock.advance(1_000);
  expect(await failed.promise).toMatchObject({ code: 'unavailable', retryable: true });
  expect(discovery.current).toHaveLength(1);
  expect(clock.nextDelayMs).toBeLessThan(1_300);
});

test('DNS that fails at the start is said so, with the name', async () => {
  server.fails = true;
  const failed = await discover({ name: 'notes.example', port: 1 }).catch((error) => error);
  expect(failed.message).toContain('notes.example');
});

test('a discovery that is over asks no more', async () => {
  const discovery = await discover({ name: '_grpc._tcp.notes.example' });
  discovery[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});
