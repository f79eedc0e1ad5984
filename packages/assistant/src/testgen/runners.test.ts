import { expect, test } from 'bun:test';
import { skipsWithout } from '@zeke/foundation/testing';
import { proveRunner } from './testing/prove-runner.ts';
import { nodeCase, pytestCase } from './testing/runner-cases.ts';
import { doneOf, testGenHouse } from './testing/testgen-house.ts';

const timeoutMs = 120_000;
// Debian's Python, which has pytest.
const programs = '/usr/bin';

test(
  'node --test',
  async () => {
    await using house = await testGenHouse(nodeCase);
    await proveRunner(house, nodeCase);
  },
  timeoutMs,
);

test.skipIf(skipsWithout('python3-pytest-cov'))(
  'pytest',
  async () => {
    await using house = await testGenHouse({ ...pytestCase, programs });
    await proveRunner(house, pytestCase);
  },
  timeoutMs,
);

test.skipIf(skipsWithout('python3-pytest-cov'))(
  'without what counts lines, whatever passes twice stays, and that is said',
  async () => {
    const environment = { PYTEST_ADDOPTS: '-p no:pytest_cov' };
    await using house = await testGenHouse({ ...pytestCase, programs, environment });
    const events = await house.generate({ path: pytestCase.path });
    expect(events).toContainEqual({
      type: 'note',
      text: 'which lines tests run is not known (pytest says it with pytest-cov)',
    });
    const { coverage, dropped, kept } = doneOf(events);
    expect(kept.map(({ path }) => path)).toEqual(['test_minus.py', 'test_two.py']);
    expect(dropped.map(({ path }) => path)).toEqual(['test_zero.py']);
    expect(coverage).toBeUndefined();
  },
  timeoutMs,
);
