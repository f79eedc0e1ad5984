import { expect, test } from 'bun:test';
import { type BreakerState, Circuit } from './circuit.ts';

test('what others have found opens and closes it, and is not told again', () => {
  let nowMs = 0;
  const told: BreakerState[] = [];
  const circuit = new Circuit({
    openMs: 100,
    clock: { now: () => nowMs },
    onChange: (state) => told.push(state),
  });
  const { epoch } = circuit;
  circuit.learn('open');
  expect(circuit.state).toBe('open');
  expect(circuit.enter()?.message).toContain('has failed too often');
  // A call from before says nothing any more.
  circuit.failed(epoch, 'unavailable', false);
  circuit.learn('closed');
  expect(circuit.state).toBe('closed');
  expect(circuit.enter()).toBeUndefined();
  circuit.learn('open');
  nowMs = 100;
  expect(circuit.state).toBe('half-open');
  expect(told).toEqual(['half-open']);
});
