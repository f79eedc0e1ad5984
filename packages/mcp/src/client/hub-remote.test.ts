import { expect, test } from 'bun:test';
import { Secret } from '@zeke/foundation';
import { remoteServer, testHub, textOf } from './testing/hub-fixture.ts';
import {
  SessionFixture,
  sseFixture,
  statelessFixture,
  WebSocketFixture,
} from './testing/remote-fixture.ts';

const headers = { 'x-key': new Secret('k') };

test.each([
  ['auto', '2026-07-28'],
  ['sessions', '2025-11-25'],
] as const)('HTTP, protocol %s: version %s, with headers', async (protocol, protocolVersion) => {
  await using server = statelessFixture();
  await using hub = testHub([remoteServer('far', 'http', server.url, { protocol, headers })]);
  await hub.loadTools();
  expect(textOf(await hub.callTool('far__echo', { text: 'hi' }))).toBe('hi');
  expect(hub.servers()).toMatchObject([{ status: 'ready', protocolVersion }]);
  expect(server.requests.every((request) => request.headers.get('x-key') === 'k')).toBe(true);
});

test('HTTP with sessions: one that the server has forgotten is begun anew, the call is made', async () => {
  await using server = new SessionFixture();
  await using hub = testHub([remoteServer('far', 'http', server.url)]);
  await hub.loadTools();
  expect(hub.servers()).toMatchObject([{ protocolVersion: '2025-11-25' }]);
  const [before] = server.sessions.keys();
  server.sessions.clear();
  expect(textOf(await hub.callTool('far__echo', { text: 'hi' }))).toBe('hi');
  expect(server.sessions.size).toBe(1);
  expect([...server.sessions.keys()]).not.toContain(before);
});

test('HTTP with sessions: the session is ended with the hub', async () => {
  await using server = new SessionFixture();
  {
    await using hub = testHub([remoteServer('far', 'http', server.url)]);
    await hub.loadTools();
    expect(server.sessions.size).toBe(1);
  }
  expect(server.sessions.size).toBe(0);
});

test.each(['sse', 'http'] as const)('the oldest transport, configured as %s', async (transport) => {
  await using server = sseFixture();
  await using hub = testHub([remoteServer('far', transport, server.url, { headers })]);
  await hub.loadTools();
  expect(textOf(await hub.callTool('far__echo', { text: 'hi' }))).toBe('hi');
  expect(server.requests.at(-1)?.headers.get('x-key')).toBe('k');
});

test.each([
  ['auto', '2026-07-28'],
  ['sessions', '2025-11-25'],
] as const)('WebSocket, protocol %s: version %s', async (protocol, protocolVersion) => {
  await using server = new WebSocketFixture();
  await using hub = testHub([remoteServer('far', 'websocket', server.url, { protocol, headers })]);
  await hub.loadTools();
  expect(textOf(await hub.callTool('far__echo', { text: 'hi' }))).toBe('hi');
  expect(hub.servers()).toMatchObject([{ status: 'ready', protocolVersion }]);
  expect(server.headers[0]?.get('x-key')).toBe('k');
  expect(server.headers[0]?.get('sec-websocket-protocol')).toBe('mcp');
});

test('a server that is not there is told so, and the others go on', async () => {
  await using server = statelessFixture();
  const gone = statelessFixture();
  await gone[Symbol.asyncDispose]();
  await using hub = testHub([
    remoteServer('gone', 'http', gone.url),
    remoteServer('deaf', 'websocket', gone.url.replace('http', 'ws')),
    remoteServer('far', 'http', server.url),
  ]);
  const tools = await hub.loadTools();
  expect(new Set(tools.map((tool) => tool.server))).toEqual(new Set(['far']));
  const [first, second, third] = hub.servers();
  expect(first).toMatchObject({ status: 'failed' });
  expect(first?.reason).toContain('MCP server gone');
  expect(second).toMatchObject({ status: 'failed' });
  expect(third).toMatchObject({ status: 'ready' });
});
