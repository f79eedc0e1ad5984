import { RpcError } from '@zeke/rpc';

/** Answers are small; this keeps a mistaken address from filling the memory. */
const maxAnswerBytes = 1_048_576;

export interface VaultServer {
  readonly fetch: typeof fetch;
  /** Without a slash at its end. */
  readonly address: string;
  readonly namespace: string | undefined;
  /** PEM; absent: the authorities of the system. */
  readonly ca: string | undefined;
  readonly timeoutMs: number;
}

export interface VaultRequest {
  readonly method: 'GET' | 'POST';
  /** Below `/v1/`, in the form of a URL. */
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
}

export interface VaultAnswer {
  readonly status: number;
  /** Undefined where it is no JSON object. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** In seconds; absent where Vault does not say. */
  readonly retryAfterS?: number;
}

/**
 * Asks Vault once, over its HTTP API (https://developer.hashicorp.com/vault/api-docs). Redirects are
 * not followed, because a token would go along. Throws `unavailable` or `deadline_exceeded`, both
 * retryable, when no whole answer comes.
 */
export async function askVault(server: VaultServer, request: VaultRequest): Promise<VaultAnswer> {
  const { address, ca, namespace, timeoutMs } = server;
  const { body, method, path, token } = request;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await server.fetch(`${address}/v1/${path}`, {
      method,
      headers: {
        'x-vault-request': 'true',
        ...(token === undefined ? {} : { 'x-vault-token': token }),
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal,
      ...(ca === undefined ? {} : { tls: { ca } }),
    });
    const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN);
    return {
      status: response.status,
      body: parseVaultBody(await textOf(response, address)),
      ...(Number.isFinite(retryAfterS) ? { retryAfterS } : {}),
    };
  } catch (cause) {
    if (cause instanceof RpcError) throw cause;
    if (signal.aborted) {
      const text = `Vault at ${address} did not answer within ${timeoutMs} ms`;
      throw new RpcError('deadline_exceeded', text, { cause, retryable: true });
    }
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === undefined ? '' : ` (${code})`;
    throw new RpcError('unavailable', `Vault at ${address} cannot be reached${why}`, {
      cause,
      retryable: true,
    });
  }
}

/** A plain object, or undefined. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
}

/** An object of a JSON text; undefined for anything else. */
function parseVaultBody(text: string): VaultAnswer['body'] {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function textOf(response: Response, address: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxAnswerBytes) {
      throw new RpcError('data_loss', `what answers at ${address} is no Vault: it says too much`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
