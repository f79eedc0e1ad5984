import type { Styles } from '../../output.ts';

/** Where a session shows what it has to say. */
export interface View {
  /** For everything that is shown. */
  readonly styles: Styles;
  /** A person is there: answers are set out, and told about. */
  readonly isInteractive: boolean;
  /** An answer, or a part of one. Resolves when there is room for the next. */
  result(text: string): Promise<void>;
  /** Something about answers, or a fault. */
  note(text: string): void;
}
