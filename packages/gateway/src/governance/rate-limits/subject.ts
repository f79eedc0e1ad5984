import { hashSecret } from '@zeke/foundation';
import type { TierLimiters } from './tier-limiters.ts';

/** Who, or what, is limited. */
export const subjectKinds = ['key', 'owner', 'user', 'team', 'address', 'model'] as const;
export type SubjectKind = (typeof subjectKinds)[number];

/** One that may be limited. */
export interface SubjectName {
  readonly kind: SubjectKind;
  readonly id: string;
}

/** What another process says of a subject; undefined for what names none. */
export function readSubjectName(detail: unknown): SubjectName | undefined {
  if (typeof detail !== 'object' || detail === null) return undefined;
  const { id, kind } = detail as Record<string, unknown>;
  const known = subjectKinds.find((each) => each === kind);
  return known && typeof id === 'string' ? { kind: known, id } : undefined;
}

/** One that is limited, with the limiters of its tier. */
export interface Subject extends SubjectName {
  /** What the limiters know it by. */
  readonly key: string;
  readonly limiters: TierLimiters;
}

/** Limiters take keys up to 256 characters; names may be longer. */
const maxKeyChars = 256;

export function subjectOf(kind: SubjectKind, id: string, limiters: TierLimiters): Subject {
  return { kind, id, key: subjectKey(kind, id), limiters };
}

/** What limiters know a subject by. */
export function subjectKey(kind: SubjectKind, id: string): string {
  const key = `${kind}:${id}`;
  return key.length > maxKeyChars ? `${kind}#${hashSecret(id)}` : key;
}
