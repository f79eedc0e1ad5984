import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { CallHandler } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import type { ServiceType } from '../../core/method.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import { testMethod } from '../../testing/test-method.ts';
import { authorize } from './authorize.ts';
import { type Identity, setIdentity } from './identity.ts';

function method(path: string, policy?: unknown) {
  return testMethod({
    path,
    ...(policy === undefined ? {} : { options: { 'zrpc.policy': policy } }),
  });
}

const guarded: ServiceType = {
  typeName: 'test.Guarded',
  methods: {
    read: method('/test.Guarded/Read', { scopes: ['read'] }),
    write: method('/test.Guarded/Write', { roles: ['admin', 'editor'], scopes: ['read', 'write'] }),
    whoAmI: method('/test.Guarded/WhoAmI', {}),
    version: method('/test.Guarded/Version', { public: true, roles: ['nobody'] }),
    forgotten: method('/test.Guarded/Forgotten'),
  },
};

const open: ServiceType = {
  typeName: 'test.Open',
  methods: { read: method('/test.Open/Read') },
};

const sayOk: CallHandler = (call) => call.sendEnd({ error: undefined, metadata: Metadata.empty });

function codeFor(path: string, caller?: Partial<Identity>, others?: 'allow' | 'deny') {
  const call = new ScriptedServerCall({ path });
  if (caller !== undefined) {
    setIdentity(call, { id: 'ada', scheme: 'test', roles: [], scopes: [], ...caller });
  }
  const options = { services: [guarded, open], ...(others === undefined ? {} : { others }) };
  authorize(options)(sayOk)(call);
  return call.code;
}

test.each<[string, Partial<Identity> | undefined, string]>([
  ['/test.Guarded/Read', undefined, 'unauthenticated'],
  ['/test.Guarded/Read', {}, 'permission_denied'],
  ['/test.Guarded/Read', { roles: ['read'] }, 'permission_denied'],
  ['/test.Guarded/Read', { scopes: ['read'] }, 'ok'],
  ['/test.Guarded/Write', { roles: ['editor'], scopes: ['write', 'read'] }, 'ok'],
  ['/test.Guarded/Write', { roles: ['editor'], scopes: ['write'] }, 'permission_denied'],
  ['/test.Guarded/Write', { roles: ['reader'], scopes: ['read', 'write'] }, 'permission_denied'],
  ['/test.Guarded/WhoAmI', undefined, 'unauthenticated'],
  ['/test.Guarded/WhoAmI', {}, 'ok'],
  ['/test.Guarded/Version', undefined, 'ok'],
  ['/test.Guarded/Forgotten', { roles: ['admin'] }, 'permission_denied'],
  ['/test.Open/Read', undefined, 'ok'],
  ['/test.Other/Read', { roles: ['admin'] }, 'permission_denied'],
  ['/test.guarded/read', { scopes: ['read'] }, 'permission_denied'],
])('%s by %o: %s', (path, caller, code) => {
  expect(codeFor(path, caller)).toBe(code);
});

test('services that are not known here may be let through', () => {
  expect(codeFor('/test.Other/Read', undefined, 'allow')).toBe('ok');
  expect(codeFor('/test.Guarded/Forgotten', undefined, 'allow')).toBe('permission_denied');
});

test('a policy of another form is refused at the start', () => {
  for (const policy of [7, null, { roles: 'admin' }, { scopes: [7] }, { rateClass: 7 }]) {
    const service = { typeName: 'test.Bad', methods: { read: method('/test.Bad/Read', policy) } };
    expect(() => authorize({ services: [service] })).toThrow('/test.Bad/Read');
  }
});

test('no path but those of the services is let through', () => {
  fc.assert(
    fc.property(fc.string(), (path) => {
      expect(codeFor(path, { roles: ['admin'] })).toBe('permission_denied');
    }),
    { numRuns: 200 },
  );
});
