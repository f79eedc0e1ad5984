import { expect, test } from 'bun:test';
import { quicError } from './quic-errors.ts';

const target = 'https://127.0.0.1:4433';

test('the error of a connection says what broke it', () => {
  const said = [
    // What this side has found, which the runtime calls an internal error, and then what the peer has.
    { type: 'transport', errorCode: 1n, reason: 'last HTTP/3 frame on stream 4 was truncated' },
    { type: 'transport', errorCode: 1n, reason: '' },
    { type: 'transport', errorCode: 3n },
    { type: 'application', errorCode: 512n, reason: 'QPACK decompression error' },
  ].map((error) => quicError(target, error));
  expect(said.map(({ code }) => code)).toEqual(Array(4).fill('unavailable'));
  expect(said.map(({ message }) => message)).toEqual([
    `the connection to ${target} broke: last HTTP/3 frame on stream 4 was truncated`,
    `the connection to ${target} broke: the peer had an internal error`,
    `the connection to ${target} broke: the peer sent more than flow control allows`,
    `the peer at ${target} closed the connection (512): QPACK decompression error`,
  ]);
});
