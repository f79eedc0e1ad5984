import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { encodeMessage } from '../../../codec/message-bytes.ts';
import { clientPreface, frameFlag, frameType } from '../../../transports/http2/frame.ts';
import {
  block,
  frame,
  message,
  requestHeaders,
  settingsPayload,
  u32,
} from '../../../transports/http2/testing/raw-peer.ts';
import { Note } from '../../note-service.ts';
import type { Corpus } from './mutation.ts';

const { headers, data, resetStream, settings, ping, goaway, windowUpdate, continuation } =
  frameType;
const { endHeaders, endStream } = frameFlag;

const note = encodeMessage(Note, { text: 'a note', number: 3 });
const zipped = message(gzipSync(encodeMessage(Note, { text: 'x'.repeat(1_000) })), 1);
const length = { at: 0, bytes: 3 };

const words = [
  frame(settings, 0, 0),
  frame(settings, 1, 0),
  frame(settings, 0, 0, settingsPayload([1, 0], [4, 100], [5, 16_384])),
  frame(settings, 0, 0, settingsPayload([4, 2 ** 31 - 1])),
  frame(ping, 0, 0, '12345678'),
  frame(ping, 1, 0, '12345678'),
  frame(windowUpdate, 0, 0, u32(5_000)),
  frame(windowUpdate, 0, 1, u32(2 ** 31 - 1)),
  frame(resetStream, 0, 1, u32(8)),
  frame(resetStream, 0, 3, u32(0)),
  frame(goaway, 0, 0, Buffer.concat([u32(3), u32(0)])),
  frame(continuation, endHeaders, 1),
  frame(2, 0, 1, '12345'),
  frame(0x55, 0xff, 1, 'nobody knows this'),
];

function request(
  stream: number,
  name: string,
  more: Readonly<Record<string, string>> = {},
): Buffer {
  const path = `/zrpc.test.Notes/${name}`;
  const fields = block({ ...requestHeaders, ':path': path, ...more });
  return frame(headers, endHeaders, stream, fields);
}

const split = block({ ...requestHeaders, ':path': '/zrpc.test.Notes/Echo', 'x-a': 'b' });

/** What clients say to a server of `Notes`. */
export const clientHttp2: Corpus = {
  headParts: 2,
  length,
  words,
  samples: [
    [1, 3, 5].flatMap((stream) => [
      request(stream, 'Echo'),
      frame(data, endStream, stream, message(note)),
    ]),
    [
      request(1, 'Chat', { 'grpc-timeout': '1H', 'x-b-bin': 'AAEC' }),
      ...[1, 2, 3].map(() => frame(data, 0, 1, message(note))),
      frame(windowUpdate, 0, 1, u32(1_000)),
      frame(data, endStream, 1),
    ],
    [
      request(1, 'Collect', { 'grpc-encoding': 'gzip', 'grpc-accept-encoding': 'gzip,zstd' }),
      frame(data, 0, 1, zipped),
      frame(data, 0, 1, zipped.subarray(0, 20)),
      frame(data, endStream, 1, zipped.subarray(20)),
      request(3, 'List', { 'grpc-accept-encoding': 'gzip' }),
      frame(data, endStream, 3, message(encodeMessage(Note, { number: 9 }))),
      frame(resetStream, 0, 3, u32(8)),
    ],
    [
      frame(headers, endStream, 1, split.subarray(0, 20)),
      frame(continuation, 0, 1, split.subarray(20, 40)),
      frame(continuation, endHeaders, 1, split.subarray(40)),
      request(3, 'Echo'),
      frame(data, 8, 3, Buffer.concat([Buffer.from([3]), message(note), Buffer.alloc(3)])),
      frame(headers, endHeaders + endStream, 3, block({ 'x-trailer': '1' })),
      request(5, 'None'),
      frame(data, endStream, 5, message(note)),
    ],
  ].map((frames) => [Buffer.from(clientPreface), frame(settings, 0, 0), ...frames]),
};

const answer = block({
  ':status': '200',
  'content-type': 'application/grpc',
  'grpc-encoding': 'gzip',
});
const ok = block({ 'grpc-status': '0', 'x-a': 'b' });

/** What a server says to a client with open calls on the streams 1 to 9. */
export const serverHttp2: Corpus = {
  headParts: 1,
  length,
  words,
  samples: [
    [1, 3, 5, 7].flatMap((stream) => [
      frame(headers, endHeaders, stream, answer),
      frame(data, 0, stream, message(note)),
      frame(headers, endHeaders + endStream, stream, ok),
    ]),
    [
      frame(headers, endHeaders, 1, answer),
      frame(data, 0, 1, zipped),
      frame(data, 0, 1, message(note).subarray(0, 7)),
      frame(data, 0, 1, message(note).subarray(7)),
      frame(headers, endHeaders + endStream, 1, ok),
      frame(headers, endHeaders + endStream, 3, refusal('5', 'AAEC')),
      frame(headers, endHeaders + endStream, 5, refusal('99', '*')),
      frame(resetStream, 0, 7, u32(7)),
    ],
    [
      frame(windowUpdate, 0, 3, u32(1_000)),
      frame(ping, 0, 0, '12345678'),
      frame(headers, endHeaders, 3, answer),
      frame(goaway, 0, 0, Buffer.concat([u32(3), u32(0), Buffer.from('going')])),
      frame(data, 0, 3, message(note)),
      frame(headers, endHeaders + endStream, 3, ok),
    ],
    [
      frame(headers, endHeaders, 1, block({ ':status': '103', link: 'x' })),
      frame(headers, endHeaders + endStream, 1, block({ ':status': '503' })),
      frame(headers, endHeaders, 3, block({ ':status': '200', 'content-type': 'text/html' })),
      frame(data, endStream, 3, '<html>'),
    ],
  ].map((frames) => [frame(settings, 0, 0), ...frames]),
};

function refusal(status: string, details: string): Buffer {
  return block({
    ':status': '200',
    'content-type': 'application/grpc',
    'grpc-status': status,
    'grpc-message': 'no%20such%ZZ',
    'grpc-status-details-bin': details,
  });
}
