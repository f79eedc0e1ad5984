import { hashSecret } from '@zeke/foundation';
import type { TierLimiters } from './tier-limiters.ts';

/** Who, or what, is limited. */
export type SubjectKind = 'key' | 'owner' | 'user' | 'team' | 'address' | 'model';

/** One that is limited, with the limiters of its tier. */
export interface Subject {
  readonly kind: SubjectKind;
  readonly id: string;
  /** What the limiters know it by. */
  readonly key: string;
  readonly limiters: TierLimiters;
}

/** Limiters take keys up to 256 characters; names may be longer. */
const maxKeyChars = 256;

export function subjectOf(kind: SubjectKind, id: string, limiters: TierLimiters): Subject {
  const key = `${kind}:${id}`;
  return { kind, id, key: key.length > maxKeyChars ? `${kind}#${hashSecret(id)}` : key, limiters };
}
