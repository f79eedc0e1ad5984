import { describe, expect, test } from 'bun:test';
import { isPublic, listensWithTls, listenTargets, parseListenTarget } from './listen-target.ts';

describe('a place to listen at', () => {
  const host = '127.0.0.1';
  const cases: [text: string, target: object][] = [
    ['50051', { kind: 'grpc', host, port: 50051, tls: false }],
    [':0', { kind: 'grpc', host, port: 0, tls: false }],
    ['0.0.0.0:80', { kind: 'grpc', host: '0.0.0.0', port: 80, tls: false }],
    ['[::1]:80', { kind: 'grpc', host: '::1', port: 80, tls: false }],
    ['grpc://localhost:1', { kind: 'grpc', host: 'localhost', port: 1, tls: false }],
    ['grpcs://:443', { kind: 'grpc', host, port: 443, tls: true }],
    ['grpc+unix:/run/x', { kind: 'grpc-unix', path: '/run/x', tls: false }],
    ['unix:x.sock', { kind: 'unix', path: 'x.sock' }],
    ['unix:///run/x', { kind: 'unix', path: '/run/x' }],
    ['shm:/run/x', { kind: 'shared-memory', path: '/run/x' }],
    ['ws://:1', { kind: 'websocket', host, port: 1, urlPath: '/', tls: false }],
    ['wss://h:1/a/b', { kind: 'websocket', host: 'h', port: 1, urlPath: '/a/b', tls: true }],
    ['quic://h:1', { kind: 'quic', host: 'h', port: 1 }],
    ['grpc+h3://h:1', { kind: 'grpc-h3', host: 'h', port: 1 }],
    ['http://8080', { kind: 'http', host, port: 8080, tls: false }],
    ['https://h:1/', { kind: 'http', host: 'h', port: 1, tls: true }],
  ];
  test.each(cases)('%s', (text, target) => {
    expect(parseListenTarget(text)).toEqual({ name: text, ...target } as never);
  });

  test.each(['', 'host', 'h:70000', 'ftp://h:1', 'unix:', 'http://h:1/path', 'h:1:2'])(
    'is not %p',
    (text) => {
      expect(() => parseListenTarget(text)).toThrow(/names no (?:place|socket)/);
    },
  );
});

test('flags name places in short, too, and the default counts only without any', () => {
  const flags = { uds: ['x.sock'], ws: ['8081/rpc'], http: [':8080', 'https://h:1'] };
  const names = (list: { name: string }[]): string[] => list.map(({ name }) => name);
  expect(names(listenTargets(flags))).toEqual([
    'unix:x.sock',
    'ws://8081/rpc',
    'http://:8080',
    'https://h:1',
  ]);
  expect(names(listenTargets({}))).toEqual(['grpc://127.0.0.1:50051']);
});

test('whether others reach it, and whether it is encrypted', () => {
  expect(isPublic(parseListenTarget('0.0.0.0:1'))).toBe(true);
  expect(isPublic(parseListenTarget('localhost:1'))).toBe(false);
  expect(isPublic(parseListenTarget('unix:x'))).toBe(false);
  expect(listensWithTls(parseListenTarget('quic://h:1'))).toBe(true);
  expect(listensWithTls(parseListenTarget('wss://h:1'))).toBe(true);
  expect(listensWithTls(parseListenTarget('ws://h:1'))).toBe(false);
});
