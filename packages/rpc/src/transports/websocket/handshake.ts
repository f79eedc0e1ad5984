import { webSocketProtocol } from './websocket-link.ts';
import type { WebSocketServeOptions } from './websocket-options.ts';

/** What a client is answered that does not get its WebSocket. */
export interface HandshakeRefusal {
  readonly status: number;
  readonly text: string;
}

/**
 * Why a handshake is refused, by its headers; undefined: it is not.
 *
 * A page of another origin is: cookies and the visitor's network come with it, so that any page of
 * the web could otherwise use a server on the visitor's machine.
 */
export function handshakeRefusal(
  header: (name: string) => string | null | undefined,
  { allowedOrigins }: WebSocketServeOptions,
): HandshakeRefusal | undefined {
  const origin = header('origin') ?? undefined;
  if (origin !== undefined && !isAllowed(origin, header('host') ?? undefined, allowedOrigins)) {
    const text = `pages of ${origin} may not connect: allowedOrigins has others\n`;
    return { status: 403, text };
  }
  const offered = header('sec-websocket-protocol')?.split(',') ?? [];
  if (offered.some((name) => name.trim() === webSocketProtocol)) return undefined;
  return { status: 400, text: `offer the WebSocket protocol ${webSocketProtocol}\n` };
}

/** Without a list only the server's own origin is let in. */
function isAllowed(
  origin: string,
  host: string | undefined,
  allowed: readonly string[] | undefined,
): boolean {
  if (allowed !== undefined) return allowed.includes('*') || allowed.includes(origin);
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
