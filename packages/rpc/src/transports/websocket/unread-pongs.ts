import type { FrameConnection } from '../../frames/frame-connection.ts';
import { RpcError } from '../../rpc-error.ts';

/** Pings of a client, one after the other, that it is answered though it reads nothing: 1,000. */
const maxUnreadPongs = 1_000;

/**
 * Counts the answers to a client's pings (RFC 6455, 5.5.3) that wait for it to read, and ends the
 * connection of one that lets too many wait: they count for no credit.
 */
export class UnreadPongs {
  #count = 0;

  /** A ping has come, and was answered. */
  add(connection: FrameConnection | undefined, queuedBytes: number): void {
    if (queuedBytes === 0) {
      this.#count = 0;
      return;
    }
    this.#count++;
    if (this.#count <= maxUnreadPongs) return;
    const message = `the peer pings and does not read the answers: ${maxUnreadPongs} wait`;
    connection?.abort(new RpcError('resource_exhausted', message));
  }
}
