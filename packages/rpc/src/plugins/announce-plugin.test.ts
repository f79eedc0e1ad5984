import { expect, test } from 'bun:test';
import { memoryRegistry } from '../registry/memory-store.ts';
import { RpcError } from '../rpc-error.ts';
import { until } from '../testing/registry-suite.ts';
import { announcePlugin } from './announce-plugin.ts';

const notes = { name: 'notes', version: '1.0.0', capabilities: ['search'] };

test('a plugin is registered while it runs, anew when it is reloaded', async () => {
  await using registry = memoryRegistry();
  using discovery = await registry.discover({ name: 'notes', capabilities: ['search'] });
  const seen: string[] = [];
  discovery.onChange((instances) => seen.push(instances.map(({ address }) => address).join(' ')));
  const announcement = announcePlugin({ registry, ...notes });
  const addresses = (...wanted: string[]) =>
    until(
      discovery,
      (instances) => String(instances.map((each) => each.address)) === String(wanted),
    );
  announcement.onEvent({ kind: 'started', pid: 1, address: 'unix:/one' });
  await addresses('unix:/one');
  announcement.onEvent({ kind: 'output', line: 'hello' });
  announcement.onEvent({ kind: 'reloaded', pid: 2, address: 'unix:/two' });
  await addresses('unix:/two');
  expect(seen).not.toContain('');
  announcement.onEvent({ kind: 'ended', pid: 2, end: { reason: 'status 1', asked: false } });
  await addresses();
  announcement.onEvent({ kind: 'started', pid: 3, address: 'unix:/three' });
  await announcement.close();
  expect(await registry.list()).toEqual([]);
});

test('a registry that cannot be told is told of', async () => {
  const registry = memoryRegistry();
  await registry.close();
  const errors: RpcError[] = [];
  const announcement = announcePlugin({ registry, ...notes, onError: (each) => errors.push(each) });
  announcement.onEvent({ kind: 'started', pid: 1, address: 'unix:/one' });
  await announcement.close();
  expect(errors.map(({ code }) => code)).toEqual(['failed_precondition']);
  expect(errors[0]).toBeInstanceOf(RpcError);
});
