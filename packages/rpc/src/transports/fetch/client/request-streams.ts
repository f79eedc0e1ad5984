/**
 * How well `fetch` sends bodies that are made while they are sent: not at all, all of the request
 * before any of the response, or both at once.
 */
export type RequestStreams = 'none' | 'half-duplex' | 'full-duplex';

/**
 * What this runtime can. Browsers that have streams in requests (over HTTP/2 and HTTP/3 only) are
 * found by the probe that the specification's authors advise: who has not, makes a text of the body
 * and does not ask for `duplex`. Source: https://fetch.spec.whatwg.org/#dom-requestinit-duplex.
 */
export function detectRequestStreams(): RequestStreams {
  const agent = globalThis.navigator?.userAgent ?? '';
  if (/^(Bun|Node\.js|Deno)\//.test(agent)) return 'full-duplex';
  let asked = false;
  try {
    const request = new Request('https://probe.invalid', {
      method: 'POST',
      body: new ReadableStream(),
      get duplex() {
        asked = true;
        return 'half';
      },
    } as RequestInit);
    return asked && !request.headers.has('content-type') ? 'half-duplex' : 'none';
  } catch {
    return 'none';
  }
}
