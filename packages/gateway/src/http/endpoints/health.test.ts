import { expect, test } from 'bun:test';
import { providerConfig, testGateway } from '../../testing/test-gateway.ts';

test('health and readiness say that the process is about to end; the rest goes on', async () => {
  const provider = providerConfig({
    type: 'compatible',
    name: 'one',
    baseUrl: 'http://127.0.0.1:1',
  });
  await using rig = await testGateway({ providers: [provider] });
  const told = async (path: string) => {
    const response = await rig.gateway.handle(new Request(`http://127.0.0.1${path}`));
    return [response.status, ((await response.json()) as { status: string }).status];
  };
  expect(await told('/health')).toEqual([200, 'ok']);
  expect(await told('/ready')).toEqual([200, 'ready']);
  rig.gateway.drain();
  expect(await told('/health')).toEqual([503, 'draining']);
  expect(await told('/ready')).toEqual([503, 'draining']);
  expect(await told('/status')).toEqual([200, 'draining']);
  // A new configuration does not make it stay.
  rig.configure({ retries: 1 });
  expect(await told('/health')).toEqual([503, 'draining']);
});
