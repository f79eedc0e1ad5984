import type { RpcError } from '../../../rpc-error.ts';
import type { Candidate } from '../editor/line-editor.ts';
import type { Session } from './session.ts';

/** Something that a session can be told. */
export interface ReplCommand {
  readonly name: string;
  /** What may follow its name: `<Service/Method> [request]`. */
  readonly usage: string;
  /** In half a line. */
  readonly summary: string;
  /** More, with examples. */
  readonly details?: string;
  /** Whether `save` keeps it. Default true. */
  readonly isKept?: boolean;
  /**
   * `rest` is what follows the name.
   * @returns the status of a call that failed, which has been shown.
   * @throws RpcError for what is wrong with the input.
   */
  run(session: Session, rest: string): Promise<RpcError | undefined> | Promise<void> | void;
  /** What the last of these words may be; those before it are whole. */
  complete?(
    session: Session,
    words: readonly string[],
  ): Promise<readonly Candidate[]> | readonly Candidate[];
}
