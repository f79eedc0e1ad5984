import { expect, test } from 'bun:test';
import { Flight } from './flight.ts';
import { sharedBody } from './shared-body.ts';

const mebibyte = new Uint8Array(1024 * 1024);

/** A body of so many MiB that counts what is read of it. */
function counted(length: number) {
  const state = { read: 0, canceled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (state.read++ < length) controller.enqueue(mebibyte);
        else controller.close();
      },
      cancel: () => {
        state.canceled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, state };
}

async function lengthOf(body: ReadableStream<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const { byteLength } of body) length += byteLength;
  return length;
}

function rig(length: number) {
  const flight = new Flight(() => {});
  const { body, state } = counted(length);
  const left = Promise.withResolvers<void>();
  const leave = () => {
    flight.leaderLeft();
    left.resolve();
  };
  return { flight, state, left: left.promise, shared: sharedBody(body, flight, leave) };
}

test('alone, it is read as it reads', async () => {
  const { shared, state } = rig(5);
  const reader = shared.getReader();
  await reader.read();
  expect(state.read).toBe(1);
  reader.releaseLock();
  expect(await lengthOf(shared)).toBe(4 * mebibyte.length);
});

test('followed, it is read to its end, and nothing is lost', async () => {
  const { flight, shared, state } = rig(5);
  const first = shared.getReader();
  const reading = first.read();
  flight.follow(() => {});
  await reading;
  while (state.read < 6) await new Promise((resolve) => setImmediate(resolve));
  first.releaseLock();
  expect(await lengthOf(shared)).toBe(4 * mebibyte.length);
});

test('when its follower leaves, it goes on as it reads', async () => {
  const { flight, shared } = rig(40);
  const follower = () => {};
  flight.follow(follower);
  const reader = shared.getReader();
  await reader.read();
  flight.unfollow(follower);
  let count = 1;
  while (!(await reader.read()).done) count++;
  expect(count).toBe(40);
});

test('a leader that falls far behind is let go, and the rest is read for the others', async () => {
  const { flight, left, shared, state } = rig(40);
  flight.follow(() => {});
  await left;
  while (state.read < 41) await new Promise((resolve) => setImmediate(resolve));
  expect(state.canceled).toBe(false);
  await expect(lengthOf(shared)).rejects.toMatchObject({ code: 'canceled' });
});

test('when nobody is left, the source is cancelled', async () => {
  const { flight, shared, state } = rig(40);
  await shared.cancel();
  expect(flight.state).toBe('failed');
  expect(state.canceled).toBe(true);
});
