import { RpcError } from '../../rpc-error.ts';

/** A TLS alert as a QUIC error code is 256 plus the alert (RFC 9001, 4.8). */
const firstAlert = 0x100;
const lastAlert = 0x1ff;

/** TLS alerts of a handshake that has failed (RFC 8446, 6), said of a certificate's owner. */
const certificateAlerts: Readonly<Record<number, string>> = {
  42: 'is not valid',
  43: 'is of a kind that is not supported',
  44: 'has been revoked',
  45: 'has expired',
  46: 'is not acceptable',
  48: 'is not signed by an authority that it trusts',
};

const otherAlerts: Readonly<Record<number, string>> = {
  40: 'the two sides have no common cipher or key exchange',
  49: 'access is denied',
  70: 'the two sides have no common version of TLS',
  112: 'the server has no certificate for the name that was asked for (tls.serverName)',
  116: 'the server wants a client certificate: set tls.cert and tls.key',
  120: 'the server does not speak this protocol: is it the right port?',
};

/** RFC 9000, 20.1. */
const internalError = 1;
const transportErrors: Readonly<Record<number, string>> = {
  [internalError]: 'the peer had an internal error',
  2: 'the server takes no more connections',
  3: 'the peer sent more than flow control allows',
  4: 'the peer opened more streams than it may',
  10: 'the peer broke the protocol',
  11: 'the address validation token is not valid',
};

/** What `node:quic` says of the certificate that it has checked itself, in OpenSSL's names. */
const validationErrors: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_REVOKED: 'has been revoked',
  HOSTNAME_MISMATCH: 'is for another name',
  UNABLE_TO_GET_ISSUER_CERT: 'is not signed by an authority of tls.ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is not signed by an authority of tls.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is not signed by an authority of tls.ca',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is signed by itself: put it into tls.ca to trust it',
  SELF_SIGNED_CERT_IN_CHAIN: 'is not signed by an authority of tls.ca',
};

/** What a client knows about the server's certificate when it did not accept it. */
export interface RefusedCertificate {
  readonly errorCode: string;
  readonly errorReason: string;
  readonly subject: string;
  readonly names: string;
  /** As in the certificate. */
  readonly validTo: string;
}

/** The server's certificate was refused here: `unavailable`, with its name and fault. */
export function certificateError(target: string, refused: RefusedCertificate): RpcError {
  const fault = validationErrors[refused.errorCode] ?? `was refused: ${refused.errorReason}`;
  let more = '';
  if (refused.errorCode === 'CERT_HAS_EXPIRED') more = ` on ${refused.validTo}`;
  if (refused.errorCode === 'HOSTNAME_MISMATCH') more = ` (it has ${refused.names})`;
  return new RpcError(
    'unavailable',
    `cannot connect to ${target}: the server's certificate (${refused.subject}) ${fault}${more}`,
  );
}

/** Any error of a session of `node:quic`: `unavailable`, with what broke in words. */
export function quicError(target: string, error: unknown): RpcError {
  const { errorCode, type, reason } = error as {
    errorCode?: bigint;
    type?: string;
    reason?: string;
  };
  if (errorCode === undefined) {
    return new RpcError('unavailable', `the connection to ${target} is gone`, {
      cause: error,
      retryable: true,
    });
  }
  const code = Number(errorCode);
  if (type === 'application') {
    const said = reason === undefined ? '' : `: ${reason}`;
    const message = `the peer at ${target} closed the connection (${code})${said}`;
    return new RpcError('unavailable', message, { cause: error, retryable: true });
  }
  if (code >= firstAlert && code <= lastAlert) return alertError(target, code - firstAlert, error);
  // What this side has found is an internal error to the runtime, with the fault in words.
  const found = code === internalError && reason !== '' ? reason : undefined;
  const what = found ?? transportErrors[code] ?? `QUIC error ${code}`;
  const message = `the connection to ${target} broke: ${what}`;
  return new RpcError('unavailable', message, {
    cause: error,
    retryable: code === internalError || code === 2,
  });
}

/** What to look at when nothing comes from a server over UDP. */
export const unanswered =
  'nobody has answered over UDP: is the server up, and does a firewall let UDP through?';

/** The handshake has not come to its end in time. */
export function noAnswer(target: string, cause?: unknown): RpcError {
  return new RpcError(
    'unavailable',
    `no answer from ${target} over UDP: is the server up, and does a firewall let UDP through?`,
    { cause, retryable: true },
  );
}

function alertError(target: string, alert: number, error: unknown): RpcError {
  if (alert === 40 && isTimeout(error)) return noAnswer(target, error);
  const certificate = certificateAlerts[alert];
  // What this side has found itself carries this reason, what the peer says another or none.
  const isOurs = (error as { reason?: string }).reason === 'handshake failed';
  const whose = isOurs
    ? "the peer's certificate"
    : 'the peer says that the certificate of this side';
  const what =
    certificate === undefined
      ? (otherAlerts[alert] ?? `TLS alert ${alert}`)
      : `${whose} ${certificate}`;
  return new RpcError('unavailable', `the TLS handshake with ${target} failed: ${what}`, {
    cause: error,
  });
}

/** The runtime reports a handshake that timed out as alert 40. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message.includes('timed out');
}
