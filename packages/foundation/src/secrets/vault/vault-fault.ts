import { type Code, RpcError } from '@zeke/rpc';
import type { VaultAnswer } from './vault-request.ts';

/** What Vault says itself may repeat what it was sent, so little of it is told. */
const maxToldChars = 200;

/** Service, batch and recovery tokens, of today and of older servers. */
const tokens = /\b(hv[sbr]|[sbr])\.[\w-]{16,}/g;

export interface Refused {
  readonly address: string;
  /** What was asked for, such as `the login`. */
  readonly what: string;
  readonly answer: VaultAnswer;
  /** What is not to be told. */
  readonly hidden: readonly string[];
}

/**
 * The error that an answer other than a good one is. `retryable` says that Vault, and not what it was
 * asked, is at fault. Statuses: https://developer.hashicorp.com/vault/api-docs#http-status-codes
 */
export function vaultFault(refused: Refused): RpcError {
  const { address, answer, what } = refused;
  const { body, status } = answer;
  const server = `Vault at ${address}`;
  const said = saidIn(refused);
  if (status >= 300 && status < 400) {
    const where = 'another node is the active one: set vault.address to that, or to the balancer';
    return fault('unavailable', `${server} redirects (${status}); ${where}`, true);
  }
  if (status === 404) return fault('not_found', `${server} has nothing for ${what}${said}`, false);
  if (status === 400 || status === 403 || status === 405) {
    return fault('permission_denied', `${server} refused ${what} (${status})${said}`, false);
  }
  if (status === 503 && /\bsealed\b/.test(said)) {
    return fault('unavailable', `${server} is sealed: unseal it`, true);
  }
  if (status === 429) return fault('unavailable', `${server} gets too many requests (429)`, true);
  if (body === undefined && status < 400) {
    return fault('unavailable', `what answers at ${address} is no Vault: it is not JSON`, true);
  }
  return fault('unavailable', `${server} failed at ${what} (${status})${said}`, true);
}

function fault(code: Code, message: string, retryable: boolean): RpcError {
  return new RpcError(code, message, { retryable });
}

function saidIn({ answer, hidden }: Refused): string {
  const { errors, warnings } = answer.body ?? {};
  const texts = [errors, warnings].flat().filter((each) => typeof each === 'string');
  let text = texts.join('; ').replace(/\s+/g, ' ').trim();
  for (const each of hidden) if (each !== '') text = text.replaceAll(each, '[redacted]');
  text = text.replaceAll(tokens, '[redacted]');
  return text === '' ? '' : `: ${text.slice(0, maxToldChars)}`;
}
