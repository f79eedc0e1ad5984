/** An answer as it is on the wire, one byte a character. */
export interface WireAnswer {
  readonly name: string;
  readonly text: string;
}

export interface GoodAnswer extends WireAnswer {
  readonly status: number;
  readonly body: string;
  readonly method: string;
  /** It ends with its connection. */
  readonly toClose: boolean;
  /** Bun's `fetch` takes it for malformed. */
  readonly fetchRefuses: boolean;
}

function good(
  name: string,
  text: string,
  body: string,
  more: Partial<GoodAnswer> = {},
): GoodAnswer {
  return {
    name,
    text,
    body,
    status: 200,
    method: 'POST',
    toClose: false,
    fetchRefuses: false,
    ...more,
  };
}

const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** What servers may say, and what it means. */
export const goodAnswers: readonly GoodAnswer[] = [
  good('a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'hello'),
  good('a length of 0', 'HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n', ''),
  good(
    'one length said twice',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
    'ok',
  ),
  good(
    'chunks',
    `${chunked}3\r\nabc\r\n0010\r\n0123456789abcdef\r\n0\r\n\r\n`,
    'abc0123456789abcdef',
  ),
  good('no chunk', `${chunked}0\r\n\r\n`, ''),
  good(
    'chunks with extensions',
    `${chunked}3;name="v";x\r\nabc\r\n1;y\r\nd\r\n0;z\r\n\r\n`,
    'abcd',
  ),
  good('a space behind the size of a chunk', `${chunked}3 ;x\r\nabc\r\n0\r\n\r\n`, 'abc', {
    fetchRefuses: true,
  }),
  good('chunks with trailers', `${chunked}3\r\nabc\r\n0\r\nX-Sum: 7\r\nY:\r\n\r\n`, 'abc'),
  good('chunks that hold line ends', `${chunked}6\r\n\r\n0\r\n\r\r\n0\r\n\r\n`, '\r\n0\r\n\r'),
  good('a head in the middle of a body', `${chunked}B\r\nHTTP/1.1 20\r\n0\r\n\r\n`, 'HTTP/1.1 20'),
  good('to the end of the connection', 'HTTP/1.1 200 OK\r\nX: y\r\n\r\nhello', 'hello', {
    toClose: true,
  }),
  good('HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ok'),
  good('no reason and no space', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', 'ok'),
  good('a reason in Latin-1', 'HTTP/1.1 200 \xe9t\xe9\r\nContent-Length: 2\r\n\r\nok', 'ok'),
  good('204', 'HTTP/1.1 204 No Content\r\n\r\n', '', { status: 204 }),
  good('304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', '', {
    status: 304,
    method: 'GET',
  }),
  good('to HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', '', { method: 'HEAD' }),
  good(
    'after interim ones',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    'ok',
  ),
  good('an error', 'HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nfail', 'fail', { status: 500 }),
  good(
    'many headers, some of one name',
    'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Empty:\r\nX-Tab:\t v \t\r\nContent-Length: 2\r\n\r\nok',
    'ok',
  ),
];

function bad(name: string, text: string): WireAnswer {
  return { name, text };
}

const length2 = 'Content-Length: 2\r\n';

/** What leaves a doubt where the answer ends, or is no HTTP at all. */
export const malformedAnswers: readonly WireAnswer[] = [
  bad('another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'),
  bad('HTTP/2', `HTTP/2 200 OK\r\n${length2}\r\nok`),
  bad('HTTP/1.2', `HTTP/1.2 200 OK\r\n${length2}\r\nok`),
  bad('a status of two digits', `HTTP/1.1 20 OK\r\n${length2}\r\nok`),
  bad('a status of 600', `HTTP/1.1 600 OK\r\n${length2}\r\nok`),
  bad('spaces before the status', `HTTP/1.1  200 OK\r\n${length2}\r\nok`),
  bad('an empty line first', `\r\n\r\nHTTP/1.1 200 OK\r\n${length2}\r\nok`),
  bad('another protocol from now on', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'),
  bad(
    'both a length and chunks',
    `HTTP/1.1 200 OK\r\n${length2}Transfer-Encoding: chunked\r\n\r\n`,
  ),
  bad('the same for 204', `HTTP/1.1 204 X\r\n${length2}Transfer-Encoding: chunked\r\n\r\n`),
  bad('two lengths', `HTTP/1.1 200 OK\r\n${length2}Content-Length: 3\r\n\r\nok`),
  bad('two lengths in one', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok'),
  bad('a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok'),
  bad('a length with a sign', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok'),
  bad('a length in hexadecimal', 'HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok'),
  bad('no length', 'HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok'),
  bad('a huge length', 'HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\nok'),
  bad('gzip and chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'),
  bad(
    'chunked twice',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n',
  ),
  bad('identity', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok'),
  bad('xchunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'),
  bad('chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  bad('a folded header', `HTTP/1.1 200 OK\r\nX: y\r\n z\r\n${length2}\r\nok`),
  bad('a folded first header', `HTTP/1.1 200 OK\r\n X: y\r\n${length2}\r\nok`),
  bad('a space before a colon', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok'),
  bad('a header without a colon', `HTTP/1.1 200 OK\r\nX\r\n${length2}\r\nok`),
  bad('a header without a name', `HTTP/1.1 200 OK\r\n: x\r\n${length2}\r\nok`),
  bad('NUL in a header', `HTTP/1.1 200 OK\r\nX: a\0b\r\n${length2}\r\nok`),
  bad('CR in a header', `HTTP/1.1 200 OK\r\nX: a\rb\r\n${length2}\r\nok`),
  bad('LF in a header', `HTTP/1.1 200 OK\r\nX: a\nb: c\r\n${length2}\r\nok`),
  bad('LF alone at the end of lines', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'),
  bad('too many headers', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(300)}${length2}\r\nok`),
  bad('a chunk without a size', `${chunked}\r\nabc\r\n0\r\n\r\n`),
  bad('a chunk with a size that is no number', `${chunked}xyz\r\nabc\r\n0\r\n\r\n`),
  bad('a chunk with a negative size', `${chunked}-3\r\nabc\r\n0\r\n\r\n`),
  bad('a chunk with 0x', `${chunked}0x3\r\nabc\r\n0\r\n\r\n`),
  bad('a chunk of very many digits', `${chunked}00000000000003\r\nabc\r\n0\r\n\r\n`),
  bad('a chunk longer than its size', `${chunked}3\r\nabcd\r\n0\r\n\r\n`),
  bad('a size line with LF alone', `${chunked}3\nabc\r\n0\r\n\r\n`),
  bad('LF in an extension', `${chunked}3;x\ny\r\nabc\r\n0\r\n\r\n`),
  bad('a chunk with LF alone behind it', `${chunked}3\r\nabc\n0\r\n\r\n`),
  bad('a trailer that is none', `${chunked}0\r\nno colon\r\n\r\n`),
  bad('a folded trailer', `${chunked}0\r\nX: y\r\n z\r\n\r\n`),
];
