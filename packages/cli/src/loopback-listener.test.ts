import { expect, test } from 'bun:test';
import { LoopbackListener } from './loopback-listener.ts';

const never = new AbortController().signal;

test('the code comes with its state; others are sent away and waited on', async () => {
  using listener = new LoopbackListener();
  const code = listener.code('right', never);
  const get = async (query: string) => (await fetch(`${listener.redirectUri}${query}`)).status;
  expect(await get('?state=wrong&code=stolen')).toBe(400);
  expect(await get('?code=stolen')).toBe(400);
  expect(await get('x?state=right&code=stolen')).toBe(404);
  expect(await get('?state=right&code=good')).toBe(200);
  expect(await code).toBe('good');
});

test('a login that was refused is told, without what would move the cursor', async () => {
  using listener = new LoopbackListener();
  const code = listener.code('s', never);
  const query = new URLSearchParams({
    state: 's',
    error: 'x',
    error_description: 'no\u001b[2J way',
  });
  await Promise.all([
    fetch(`${listener.redirectUri}?${query}`).then((response) => response.text()),
    expect(code).rejects.toMatchObject({ code: 'unauthenticated' }),
  ]);
  expect(await code.catch(({ message }) => message)).not.toContain('\u001b');
});

test('nobody comes', async () => {
  using listener = new LoopbackListener();
  const stopped = AbortSignal.abort();
  await expect(listener.code('s', stopped)).rejects.toMatchObject({ code: 'canceled' });
  const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
  await expect(listener.code('s', late)).rejects.toMatchObject({ code: 'deadline_exceeded' });
});
