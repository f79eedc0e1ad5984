import { expect, test } from 'bun:test';
import { programServer, testHub, textOf } from './testing/hub-fixture.ts';

const eras = [
  ['both', '2026-07-28'],
  ['modern', '2026-07-28'],
  ['legacy', '2025-11-25'],
] as const;

test.each(eras)(
  'a program of era %s: connected when it is needed, and told apart',
  async (era, version) => {
    await using hub = testHub([programServer('one', 'fixture-program.ts', [era])]);
    expect(hub.servers()).toMatchObject([{ name: 'one', status: 'idle', tools: 0 }]);
    expect(hub.tools()).toEqual([]);
    const tools = await hub.loadTools();
    expect(tools.map(({ name }) => name)).toContain('one__echo');
    expect(textOf(await hub.callTool('one__echo', { text: 'hello' }))).toBe('hello');
    expect(hub.servers()).toMatchObject([
      {
        status: 'ready',
        protocolVersion: version,
        implementation: { name: 'fixture', version: '1.2.3' },
        instructions: 'Be kind.',
      },
    ]);
    expect(hub.log('one')).toContain(`fixture ${era} begins`);
  },
  20_000,
);
