import { expect, test } from 'bun:test';
import { LoopbackListener } from './loopback-listener.ts';

const never = new AbortController().signal;

test('the code comes with its state; others are sent away and waited on', async () => {
  using listener = new LoopbackListener();
  const query = listener.answer('right', never);
  const get = async (query: string) => (await fetch(`${listener.redirectUri}${query}`)).status;
  expect(await get('?state=wrong&code=stolen')).toBe(400);
  expect(await get('?code=stolen')).toBe(400);
  expect(await get('x?state=right&code=stolen')).toBe(404);
  expect(await get('?state=right&code=good')).toBe(200);
  expect((await query).get('code')).toBe('good');
});

test('one login after the other', async () => {
  using listener = new LoopbackListener();
  for (const state of ['first', 'second']) {
    const query = listener.answer(state, never);
    await fetch(`${listener.redirectUri}?state=${state}&code=of-${state}`);
    expect((await query).get('code')).toBe(`of-${state}`);
  }
});

test('nobody comes', async () => {
  using listener = new LoopbackListener();
  const stopped = AbortSignal.abort();
  await expect(listener.answer('s', stopped)).rejects.toMatchObject({ code: 'canceled' });
  const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
  await expect(listener.answer('s', late)).rejects.toMatchObject({ code: 'deadline_exceeded' });
});

test('a port that is taken is said to be', () => {
  using listener = new LoopbackListener();
  const { port } = new URL(listener.redirectUri);
  expect(() => new LoopbackListener(Number(port))).toThrow(`port ${port} of 127.0.0.1`);
});
