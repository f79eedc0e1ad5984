/** Who or what may have a budget. */
export const spenderKinds = ['org', 'team', 'user', 'key', 'provider', 'tag'] as const;
export type SpenderKind = (typeof spenderKinds)[number];

/** The fields of a request, or of its ledger entry, that say who spends. */
export interface Spenders {
  orgId?: string | undefined;
  teamId?: string | undefined;
  userId?: string | undefined;
  keyId?: string | undefined;
  provider: string;
  tags?: readonly string[] | undefined;
}

/** Calls `each` with every spender, the highest first. */
export function forEachSpender(
  { orgId, teamId, userId, keyId, provider, tags }: Spenders,
  each: (kind: SpenderKind, id: string) => void,
): void {
  if (orgId !== undefined) each('org', orgId);
  if (teamId !== undefined) each('team', teamId);
  if (userId !== undefined) each('user', userId);
  if (keyId !== undefined) each('key', keyId);
  if (provider !== '') each('provider', provider);
  if (tags) for (const tag of tags) each('tag', tag);
}
