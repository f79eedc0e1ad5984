import { expect } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunnerCase } from './runner-cases.ts';
import { doneOf, type TestGenHouse } from './testgen-house.ts';

/** Has tests generated and checks what stays, what goes and why, and the lines that were gained. */
export async function proveRunner(house: TestGenHouse, proof: RunnerCase): Promise<void> {
  const events = await house.generate({ path: proof.path });
  const { command, coverage, dropped, kept } = doneOf(events);
  const notes = events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  expect(notes.join('\n')).not.toContain('do not all pass');
  const reasons = dropped.map(({ path, reason }) => [path, reason.split('\n')[0]]);
  const told = { command, coverage, kept, dropped: Object.fromEntries(reasons) };
  const { coverage: gained, kept: stays } = proof;
  expect(told).toMatchObject({ command: proof.command, coverage: gained, kept: stays });
  expect(told.dropped).toEqual(proof.dropped);
  expect((coverage?.after ?? 0) - (coverage?.before ?? 0)).toBe(kept[0]?.newLines?.length ?? 0);
  for (const { path } of kept) expect(existsSync(join(house.fixture.root, path))).toBe(true);
  for (const { path } of dropped) expect(existsSync(join(house.fixture.root, path))).toBe(false);
}
