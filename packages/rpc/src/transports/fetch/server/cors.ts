/** Which pages of other origins may call, from browsers. Without it, none. */
export interface CorsOptions {
  /** Exact origins, `https://app.example`; or `*` for all. */
  readonly origins: readonly string[] | '*';
  /** Whether browsers may send cookies and certificates along. Not with `*`. Default false. */
  readonly allowCredentials?: boolean;
  /** How long a browser remembers a preflight's answer, in seconds. Default 7,200. */
  readonly maxAgeSeconds?: number;
}

/** @throws TypeError for options that contradict themselves or an origin that is none. */
export function checkCors(cors: CorsOptions): void {
  if (cors.origins === '*') {
    if (cors.allowCredentials) {
      throw new TypeError('cors: with allowCredentials the origins must be listed, not "*"');
    }
    return;
  }
  for (const origin of cors.origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new TypeError(
        `cors: ${JSON.stringify(origin)} is no origin such as https://app.example`,
      );
    }
  }
}

/** Allows the page that asks to read the response, if it may. */
export function addCorsHeaders(cors: CorsOptions, request: Request, response: Response): Response {
  const { headers } = response;
  const own = [...headers.keys()].filter((name) => name !== 'content-type');
  if (!allow(cors, request, headers)) return response;
  if (own.length > 0) headers.set('access-control-expose-headers', own.join(', '));
  return response;
}

/**
 * Answers a preflight: any header may be sent, since names of metadata are the callers' own.
 * Source: https://fetch.spec.whatwg.org/#http-cors-protocol.
 */
export function preflightResponse(cors: CorsOptions, request: Request): Response {
  const response = new Response(null, { status: 204 });
  const { headers } = response;
  if (!allow(cors, request, headers)) return response;
  headers.set('access-control-allow-methods', 'POST, GET');
  const asked = request.headers.get('access-control-request-headers');
  if (asked !== null && /^[\w!#$%&'*+.^`|~, -]{1,4096}$/.test(asked)) {
    headers.set('access-control-allow-headers', asked);
  }
  headers.set('access-control-max-age', String(cors.maxAgeSeconds ?? 7_200));
  return response;
}

function allow(cors: CorsOptions, request: Request, headers: Headers): boolean {
  if (cors.origins === '*') {
    headers.set('access-control-allow-origin', '*');
    return true;
  }
  headers.append('vary', 'origin');
  const origin = request.headers.get('origin');
  if (origin === null || !cors.origins.includes(origin)) return false;
  headers.set('access-control-allow-origin', origin);
  if (cors.allowCredentials) headers.set('access-control-allow-credentials', 'true');
  return true;
}
