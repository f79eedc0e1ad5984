import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { AnswerParser } from './answer-parser.ts';
import { maxHeadBytes } from './block-reader.ts';
import { HttpFault } from './http-fault.ts';
import { goodAnswers, malformedAnswers } from './testing/answers.ts';

/** What became of an answer, and how many bytes behind it were not its own. */
type Outcome =
  | {
      kind: 'whole';
      status: number;
      headers: string;
      body: string;
      surplus: number;
      keeps: boolean;
    }
  | { kind: 'partial' }
  | { kind: 'fault'; code: string };

function parse(bytes: Buffer, cuts: readonly number[], method = 'GET', ends = false): Outcome {
  const parser = new AnswerParser();
  let status = 0;
  let headers = '';
  let body = '';
  let used = 0;
  parser.begin(method, {
    onHead: (head) => {
      status = head.status;
      head.headers.forEach((value, name) => {
        headers += `${name}=${value};`;
      });
    },
    onBody: (piece) => {
      expect(piece.length).toBeGreaterThan(0);
      body += piece.toString('latin1');
    },
    onEnd: () => {},
  });
  try {
    for (const piece of cut(bytes, cuts)) {
      if (parser.isDone) break;
      const taken = parser.push(piece);
      used += taken;
      expect(taken === piece.length || (parser.isDone && taken < piece.length)).toBe(true);
    }
    if (ends) parser.end();
  } catch (reason) {
    if (reason instanceof HttpFault) return { kind: 'fault', code: reason.code };
    throw reason;
  }
  if (!parser.isDone) return { kind: 'partial' };
  const surplus = bytes.length - used;
  return { kind: 'whole', status, headers, body, surplus, keeps: parser.keepsAlive };
}

/** The parser owns what it is given: every piece is a copy. */
function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((place) => place % (bytes.length + 1)))].sort(
    (a, b) => a - b,
  );
  const pieces: Buffer[] = [];
  let from = 0;
  for (const place of [...places, bytes.length]) {
    if (place > from) pieces.push(Buffer.from(bytes.subarray(from, place)));
    from = place;
  }
  return pieces;
}

const everywhere = (bytes: Buffer) => Array.from(bytes, (_, at) => at);
const cutPlaces = fc.array(fc.nat(2_000), { maxLength: 12 });

describe('good answers', () => {
  for (const { name, text, status, body, method, toClose } of goodAnswers) {
    test(name, () => {
      const bytes = Buffer.from(text, 'latin1');
      const whole = parse(bytes, [], method, toClose);
      expect(whole).toMatchObject({ kind: 'whole', status, body, surplus: 0 });
      expect(parse(bytes, everywhere(bytes), method, toClose)).toEqual(whole);
    });
  }

  test('are the same however their bytes are cut, and end where the next one begins', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...goodAnswers.filter(({ toClose }) => !toClose)),
        cutPlaces,
        fc.string({ maxLength: 40 }),
        ({ text, body, method, status }, cuts, behind) => {
          const next = Buffer.from(behind, 'latin1');
          const outcome = parse(Buffer.concat([Buffer.from(text, 'latin1'), next]), cuts, method);
          expect(outcome).toMatchObject({ kind: 'whole', status, body });
          expect((outcome as { surplus: number }).surplus).toBe(next.length);
        },
      ),
    );
  });

  test('in chunks of any sizes give their bytes back', () => {
    const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(parts, cutPlaces, (chunks, cuts) => {
        const framed = chunks.flatMap((chunk) => [
          Buffer.from(`${chunk.length.toString(16)};x=1\r\n`),
          Buffer.from(chunk),
          Buffer.from('\r\n'),
        ]);
        const head = Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        const bytes = Buffer.concat([head, ...framed, Buffer.from('0\r\n\r\n')]);
        const body = Buffer.concat(chunks).toString('latin1');
        expect(parse(bytes, cuts)).toMatchObject({ kind: 'whole', body, surplus: 0 });
      }),
    );
  });
});

describe('refused', () => {
  for (const { name, text } of malformedAnswers) {
    test(name, () => {
      const bytes = Buffer.from(text, 'latin1');
      expect(parse(bytes, [], 'POST')).toMatchObject({ kind: 'fault' });
      expect(parse(bytes, everywhere(bytes), 'POST')).toMatchObject({ kind: 'fault' });
    });
  }

  test('a head over its limit, with and without an end, and with many before it', () => {
    const long = `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(maxHeadBytes)}`;
    const interim = 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n'.repeat(2_000);
    for (const text of [long, `${long}\r\n\r\n`, interim]) {
      const bytes = Buffer.from(text);
      expect(parse(bytes, [])).toEqual({ kind: 'fault', code: 'HTTP_TOO_LARGE' });
      expect(parse(bytes, [1, 500, 1_999])).toEqual({ kind: 'fault', code: 'HTTP_TOO_LARGE' });
    }
  });

  test('trailers, and what stands behind the size of a chunk, over their limits', () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    const outcome = (rest: string) => parse(Buffer.from(head + rest), []);
    expect(outcome(`0\r\nx: ${'y'.repeat(20_000)}`)).toMatchObject({ code: 'HTTP_TOO_LARGE' });
    expect(outcome(`1;${'y'.repeat(2_000)}`)).toMatchObject({ code: 'HTTP_BAD_ANSWER' });
  });
});

test('mutated answers: an end or an error, never a crash, and the same however they are cut', () => {
  const all = [...goodAnswers, ...malformedAnswers];
  const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255), how: fc.nat(2) });
  fc.assert(
    fc.property(
      fc.constantFrom(...all),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      cutPlaces,
      ({ text }, mutations, cuts) => {
        let bytes = Buffer.from(text, 'latin1');
        for (const { at, byte, how } of mutations) {
          const place = at % bytes.length;
          const kept = how === 1 ? place : place + 1;
          const put = how === 2 ? [] : [byte];
          bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from(put), bytes.subarray(kept)]);
          if (bytes.length === 0) return;
        }
        expect(parse(bytes, cuts)).toEqual(parse(bytes, []));
      },
    ),
    { numRuns: 1_000 },
  );
});
