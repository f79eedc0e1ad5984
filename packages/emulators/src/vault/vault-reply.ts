import type { Reply } from '../kit/serve.ts';

/** Vault's errors: a status and a list of texts, which may be empty. */
export function vaultError(status: number, ...errors: string[]): Reply {
  return json(status, { errors });
}

/** What a request without a token, with one that is unknown, or without the right is told. */
export function denied(isTokenKnown: boolean): Reply {
  if (isTokenKnown) return vaultError(403, '1 error occurred:\n\t* permission denied\n\n');
  return vaultError(403, '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n');
}

interface Answer {
  readonly data?: unknown;
  readonly auth?: unknown;
  readonly warnings?: readonly string[];
}

/** Vault's envelope around every answer. */
export function vaultReply(status: number, { auth, data, warnings }: Answer): Reply {
  return json(status, {
    request_id: crypto.randomUUID(),
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: data ?? null,
    wrap_info: null,
    warnings: warnings ?? null,
    auth: auth ?? null,
  });
}

function json(status: number, body: unknown): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: `${JSON.stringify(body)}\n`,
  };
}
