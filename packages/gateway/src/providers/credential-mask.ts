import type { OutboundRequest } from './provider.ts';

const masked = '[redacted]';
/** What is shorter is no secret, and would be found within ordinary words. */
const minSecretChars = 8;

/** Headers of a request that are no credentials; what else the configuration adds may be one. */
const openHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'anthropic-beta',
  'anthropic-version',
  'content-type',
  'http-referer',
  'idempotency-key',
  'openai-beta',
  'openai-organization',
  'openai-project',
  'range',
  'user-agent',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-goog-user-project',
  'x-title',
]);

/** Parameters of an address that hold a key. */
const keyParameter = /key|token|secret|password|sig/i;

/**
 * Takes the credentials of one request out of what its provider says: the values of all headers but
 * those known to hold none, and what stands in the address, as they are and as JSON and addresses
 * write them.
 */
export class CredentialMask {
  /** The longest first: one may be a part of another. */
  readonly #forms: readonly string[];

  constructor({ url, headers }: Pick<OutboundRequest, 'url' | 'headers'>) {
    const secrets = secretsOfAddress(url);
    for (const [name, value] of Object.entries(headers)) {
      if (!openHeaders.has(name.toLowerCase())) secrets.push(...secretsOfHeader(value));
    }
    const long = secrets.filter((secret) => secret.length >= minSecretChars);
    this.#forms = [...new Set(long.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  }

  /** The text with every credential replaced; the same where none is in it. */
  text(text: string): string {
    let result = text;
    for (const form of this.#forms) {
      if (result.includes(form)) result = result.replaceAll(form, masked);
    }
    return result;
  }

  /** `text` of bytes, whatever else they hold; what stands half in them is not found. */
  bytes(bytes: Uint8Array): Uint8Array {
    // As Latin-1 all bytes come back as they were; a header's value has no other characters.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const masked = this.text(text);
    return masked === text ? bytes : Buffer.from(masked, 'latin1');
  }

  /** `text` of the beginning of something longer: without its last characters, which may begin one. */
  beginning(text: string): string {
    const result = this.text(text);
    return result.slice(0, result.length - (this.#forms[0]?.length ?? 0));
  }
}

/** A token without its scheme. Of an AWS signature, which holds names of headers too, what is secret. */
function secretsOfHeader(value: string): string[] {
  if (value.startsWith('AWS4-')) {
    return [...value.matchAll(/\b(?:Credential|Signature)=([^\s,/]+)/g)].map(
      ([, part = '']) => part,
    );
  }
  const [, token] = /^(?:Bearer|Basic|Token|ApiKey|Key)\s+(.+)$/i.exec(value) ?? [];
  return [token ?? value];
}

function secretsOfAddress(address: string): string[] {
  const url = URL.parse(address);
  if (!url) return [];
  const secrets = [url.password];
  for (const [name, value] of url.searchParams) if (keyParameter.test(name)) secrets.push(value);
  return secrets;
}

function formsOf(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, inJson, inJson.replaceAll('/', '\\/'), encodeURIComponent(secret)];
}
