import { expect, test } from 'bun:test';
import type { CallHandler } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import type { ServiceType } from '../../core/method.ts';
import {
  ScriptedServerCall,
  type ScriptedServerCallOptions,
} from '../../testing/scripted-server-call.ts';
import { testMethod } from '../../testing/test-method.ts';
import { setIdentity } from './identity.ts';
import { type RateLimitOptions, rateLimit } from './rate-limit.ts';

const service: ServiceType = {
  typeName: 'test.Service',
  methods: {
    method: testMethod(),
    heavy: testMethod({
      path: '/test.Service/Heavy',
      options: { 'zrpc.policy': { rateClass: 'heavy' } },
    }),
  },
};

const sayOk: CallHandler = (call) => call.sendEnd({ error: undefined, metadata: Metadata.empty });

function setUp(options: Partial<RateLimitOptions> = {}) {
  const clock = { nowMs: 0 };
  const intercepted = rateLimit({ rate: { perSecond: 1 }, now: () => clock.nowMs, ...options })(
    sayOk,
  );
  const call = (caller: string | undefined, made: ScriptedServerCallOptions = {}) => {
    const each = new ScriptedServerCall(made);
    if (caller !== undefined) {
      setIdentity(each, { id: caller, scheme: 'test', roles: [], scopes: [] });
    }
    intercepted(each);
    return each;
  };
  return { clock, call };
}

test('who calls too often is told how long to wait; others are not held up', () => {
  const { clock, call } = setUp();
  expect([call('ada').code, call('grace').code]).toEqual(['ok', 'ok']);
  clock.nowMs = 399.5;
  const { trailer } = call('ada');
  expect(trailer?.error?.code).toBe('resource_exhausted');
  expect(trailer?.error?.retryable).toBe(true);
  expect(trailer?.metadata.get('grpc-retry-pushback-ms')).toBe('601');
  clock.nowMs = 1_000;
  expect(call('ada').code).toBe('ok');
});

test('callers without a name are counted by host, not by port', () => {
  const { call } = setUp();
  const from = (address: string) => call(undefined, { peer: { address } }).code;
  expect([from('10.0.0.1:1'), from('10.0.0.1:2'), from('10.0.0.2:1')]).toEqual([
    'ok',
    'resource_exhausted',
    'ok',
  ]);
  expect([from('[::1]:1'), from('[::1]:2')]).toEqual(['ok', 'resource_exhausted']);
  expect([from('unix:/run/x'), from('unix:/run/y')]).toEqual(['ok', 'ok']);
});

test('a method of a class has the rate of its class', () => {
  const { call } = setUp({
    services: [service],
    classes: { heavy: { perSecond: 1, burst: 2 } },
  });
  const heavy = { path: '/test.Service/Heavy' };
  const codes = [call('ada', heavy), call('ada', heavy), call('ada', heavy), call('ada')];
  expect(codes.map((each) => each.code)).toEqual(['ok', 'ok', 'resource_exhausted', 'ok']);
});

test('a class without a rate is refused at the start', () => {
  expect(() => rateLimit({ rate: { perSecond: 1 }, services: [service] })).toThrow('"heavy"');
});
