import { describe, expect, test } from 'bun:test';
import { looksLikeTarget, parseTarget, type Target, type TargetFlags, targetOf } from './target.ts';

/** Without its name. */
function place(target: Target): Record<string, unknown> {
  const { name: _, ...rest } = target;
  return rest;
}

describe('parseTarget', () => {
  test.each<[string, Record<string, unknown>]>([
    ['localhost:50051', { kind: 'grpc', url: 'http://localhost:50051' }],
    ['[::1]:50051', { kind: 'grpc', url: 'http://[::1]:50051' }],
    ['grpc://a.example:1', { kind: 'grpc', url: 'http://a.example:1' }],
    ['grpcs://a.example:1/', { kind: 'grpc', url: 'https://a.example:1' }],
    ['grpc+unix:/run/x.sock', { kind: 'grpc-unix', path: '/run/x.sock', tls: false }],
    ['grpc+h3://localhost:1', { kind: 'grpc-h3', host: 'localhost', port: 1 }],
    ['unix:x.sock', { kind: 'unix', path: 'x.sock' }],
    ['unix:///run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['shm:/run/x.sock', { kind: 'shared-memory', path: '/run/x.sock' }],
    ['ws://localhost:1/rpc', { kind: 'websocket', url: 'ws://localhost:1/rpc' }],
    ['ws+unix:///run/x:/', { kind: 'websocket', url: 'ws+unix:///run/x:/' }],
    ['QUIC://[::1]:443', { kind: 'quic', host: '::1', port: 443 }],
    ['https://a.example/api', { kind: 'connect', url: 'https://a.example/api' }],
    ['grpc-web+http://a.example', { kind: 'grpc-web', url: 'http://a.example' }],
  ])('%s', (text, expected) => {
    expect(place(parseTarget(text))).toEqual(expected);
    expect(looksLikeTarget(text)).toBe(true);
  });

  test.each([
    ['localhost', 'names no host and port: write HOST:PORT, such as localhost:50051'],
    ['grpc://localhost', 'names no host and port'],
    ['localhost:70000', 'names no host and port'],
    ['grpc://a:b@host:1', 'names no host and port'],
    ['ftp://localhost:1', 'Targets are\n  grpc://HOST:PORT '],
    ['unix:', 'names no socket'],
    ['http://', 'is no URL: write it as http://HOST:PORT'],
    ['http://me:secret@host', 'has a password in it'],
  ])('%s is refused', (text, reason) => {
    const error = thrown(() => parseTarget(text));
    expect(error).toContain(reason);
    expect(error).not.toContain('secret');
  });

  test('--tls makes them encrypted, where they can be', () => {
    const urls = ['localhost:1', 'ws://h', 'http://h', 'grpc-web+http://h'];
    expect(urls.map((url) => place(parseTarget(url, true)).url)).toEqual([
      'https://localhost:1',
      'wss://h',
      'https://h',
      'https://h',
    ]);
    expect(thrown(() => parseTarget('unix:x', true))).toContain('leave out --tls');
  });
});

describe('targetOf', () => {
  test.each<[TargetFlags, string]>([
    [{ grpc: 'h:1' }, 'grpc://h:1'],
    [{ grpc: 'unix:x' }, 'grpc+unix:x'],
    [{ grpc: 'grpcs://h:1' }, 'grpcs://h:1'],
    [{ h3: 'h:1' }, 'grpc+h3://h:1'],
    [{ uds: '/x' }, 'unix:/x'],
    [{ shm: '/x' }, 'shm:/x'],
    [{ ws: 'h:1/x' }, 'ws://h:1/x'],
    [{ ws: 'wss://h' }, 'wss://h'],
    [{ quic: 'h:1' }, 'quic://h:1'],
    [{ connect: 'https://h' }, 'https://h'],
    [{ connect: 'h:1' }, 'http://h:1'],
    [{ grpcWeb: 'https://h' }, 'grpc-web+https://h'],
  ])('%p', (flags, name) => {
    expect(targetOf(flags, undefined, 'grpc://other:1').name).toBe(name);
  });

  test('the argument, the environment, one of them, and not two', () => {
    expect(targetOf({}, 'a:1', 'b:1').name).toBe('a:1');
    expect(targetOf({}, undefined, 'b:1').name).toBe('b:1');
    expect(thrown(() => targetOf({}, undefined, ''))).toContain('no target is given');
    expect(thrown(() => targetOf({ uds: '/x' }, 'a:1', undefined))).toContain(
      'two targets are given, unix:/x and a:1',
    );
    expect(thrown(() => targetOf({ connect: 'ws://h' }, undefined, undefined))).toContain(
      '--connect ws://h: write it as http://HOST:PORT',
    );
  });
});

test.each(['pkg.Service/Method', '/pkg.Service/Method', '{"a":1}', '-', '@a:b'])(
  '%s is no target',
  (argument) => {
    expect(looksLikeTarget(argument)).toBe(false);
  },
);

function thrown(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it should have thrown');
}
