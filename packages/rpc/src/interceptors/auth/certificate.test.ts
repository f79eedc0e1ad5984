import { expect, test } from 'bun:test';
import type { CallHandler, PeerCertificate } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import { type CertificateServerOptions, certificateServer } from './certificate.ts';
import { identityOf } from './identity.ts';

const robot: PeerCertificate = {
  subject: 'robot',
  alternativeNames: ['DNS:robot.example', 'URI:spiffe://example/robot'],
  fingerprint: '00',
};

const sayOk: CallHandler = (call) => call.sendEnd({ error: undefined, metadata: Metadata.empty });

function callOf(certificate?: PeerCertificate, options?: CertificateServerOptions) {
  const peer = certificate === undefined ? {} : { certificate };
  const call = new ScriptedServerCall({ peer });
  certificateServer(options)(sayOk)(call);
  return call;
}

test.each([
  ['its SPIFFE id', robot, 'spiffe://example/robot'],
  ['else its host', { ...robot, alternativeNames: ['IP:::1', 'DNS:a.example'] }, 'a.example'],
  ['else its common name', { ...robot, alternativeNames: [] }, 'robot'],
])('a certificate names its holder by %s', (_what, certificate, id) => {
  const call = callOf(certificate);
  expect(call.code).toBe('ok');
  expect(identityOf(call)).toEqual({ id, scheme: 'certificate', roles: [], scopes: [] });
});

test('no certificate, or one without a name, is refused', () => {
  expect(callOf().code).toBe('unauthenticated');
  expect(callOf({ subject: '', alternativeNames: [], fingerprint: '00' }).code).toBe(
    'unauthenticated',
  );
});

test('a call without a certificate goes on where none is required', () => {
  const call = callOf(undefined, { required: false });
  expect([call.code, identityOf(call)]).toEqual(['ok', undefined]);
});

test('who a certificate names is decided once a connection', () => {
  const asked: string[] = [];
  const options: CertificateServerOptions = {
    identify(certificate) {
      asked.push(certificate.fingerprint);
      if (certificate.subject !== 'robot') return undefined;
      return { id: 'robot', scheme: 'certificate', roles: ['machine'], scopes: [] };
    },
  };
  const intercepted = certificateServer(options)(sayOk);
  const call = (certificate: PeerCertificate) => {
    const each = new ScriptedServerCall({ peer: { certificate } });
    intercepted(each);
    return each;
  };
  expect(identityOf(call(robot))?.roles).toEqual(['machine']);
  expect(call(robot).code).toBe('ok');
  expect(call({ ...robot, subject: 'eve', fingerprint: '11' }).code).toBe('unauthenticated');
  expect(asked).toEqual(['00', '11']);
});
