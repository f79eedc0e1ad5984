import { expect, test } from 'bun:test';
import { Handshakes } from './handshakes.ts';

function rig() {
  const clock = { ms: 0 };
  const handshakes = new Handshakes(() => clock.ms);
  const cut: string[] = [];
  const begin = (name: string) => {
    const owner = { name };
    handshakes.begin(owner, () => cut.push(name));
    return owner;
  };
  return { begin, clock, cut, handshakes };
}

test('one that takes longer than ten seconds is cut, one that is over is not', () => {
  const { begin, clock, cut, handshakes } = rig();
  const done = begin('done');
  const slow = begin('slow');
  clock.ms = 5_000;
  const later = begin('later');
  handshakes.end(done);
  clock.ms = 9_999;
  handshakes.tick();
  expect(cut).toEqual([]);
  clock.ms = 10_000;
  handshakes.tick();
  expect(cut).toEqual(['slow']);
  handshakes.end(slow);
  handshakes.end(later);
});

test('of more than a thousand at a time the oldest is cut', () => {
  const { begin, cut, handshakes } = rig();
  const owners = Array.from({ length: 1_002 }, (_, index) => begin(String(index)));
  expect(cut).toEqual(['0', '1']);
  for (const owner of owners) handshakes.end(owner);
});
