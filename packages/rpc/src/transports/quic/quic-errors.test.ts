import { expect, test } from 'bun:test';
import { quicError } from './quic-errors.ts';

const target = 'https://127.0.0.1:4433';

test.each([
  // What this side has found, and what the peer has: the runtime calls the first an internal error.
  [
    { type: 'transport', errorCode: 1n, reason: 'last HTTP/3 frame on stream 4 was truncated' },
    `the connection to ${target} broke: last HTTP/3 frame on stream 4 was truncated`,
  ],
  [
    { type: 'transport', errorCode: 1n, reason: '' },
    `the connection to ${target} broke: the peer had an internal error`,
  ],
  [
    { type: 'application', errorCode: 512n, reason: 'QPACK decompression error' },
    `the peer at ${target} closed the connection (512): QPACK decompression error`,
  ],
  [
    { type: 'transport', errorCode: 3n },
    `the connection to ${target} broke: the peer sent more than flow control allows`,
  ],
])('%o says what broke', (error, message) => {
  const { code, message: said } = quicError(target, error);
  expect([code, said]).toEqual(['unavailable', message]);
});
