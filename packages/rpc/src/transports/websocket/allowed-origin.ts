/**
 * Whether a page of this origin may open a WebSocket: cookies and the visitor's network come with
 * it, so that any page of the web could otherwise use a server on the visitor's machine.
 *
 * `host` is the request's Host header. Without a list only the server's own origin is let in.
 */
export function isAllowedOrigin(
  origin: string,
  host: string | null,
  allowed: readonly string[] | undefined,
): boolean {
  if (allowed !== undefined) return allowed.includes('*') || allowed.includes(origin);
  try {
    return host !== null && new URL(origin).host === host;
  } catch {
    return false;
  }
}
