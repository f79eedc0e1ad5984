/**
 * `node --test packages/rpc/src/testing/node-suite.ts`: the contract of transports on Node, without
 * QUIC and shared memory, which only Bun has, also through a proxy; `node:http2` as peer of our HTTP/2;
 * certificates, users of Unix sockets, and clients of HTTP that take their time.
 */
import { test } from 'node:test';
import { proxied } from '../command/proxy/testing/proxied-harness.ts';
import { nodeHttp2Tests } from '../transports/http2/testing/node-http2-oracle.ts';
import { listenWebSocket } from '../transports/websocket/server.ts';
import { pingFloodTest } from '../transports/websocket/testing/ping-flood.ts';
import { contractTests } from './contract/contract-suite.ts';
import {
  fetchHarness,
  http2Harness,
  http2UnixHarness,
  memoryHarness,
  unixHarness,
  webSocketHarness,
} from './contract/harnesses.ts';
import { nodeCertificateTests } from './node-certificates.ts';
import { nodeTimeoutTests } from './node-timeouts.ts';
import { nodeUserTests } from './node-users.ts';

nodeHttp2Tests((name, run) => void test(name, { timeout: 20_000 }, run));
nodeCertificateTests((name, run) => void test(name, { timeout: 20_000 }, run));
pingFloodTest(listenWebSocket, (name, run) => void test(name, { timeout: 20_000 }, run));
nodeTimeoutTests((name, run) => void test(name, { timeout: 20_000 }, run));
nodeUserTests((name, run) => void test(name, { timeout: 20_000 }, run));

for (const harness of [
  memoryHarness,
  unixHarness,
  webSocketHarness,
  http2Harness,
  http2UnixHarness,
  fetchHarness('connect'),
  fetchHarness('grpc-web'),
  fetchHarness('grpc-web-text'),
  proxied(http2Harness, unixHarness),
  proxied(webSocketHarness, fetchHarness('grpc-web')),
]) {
  contractTests(harness, (name, run) => void test(name, { timeout: 20_000 }, run));
}
