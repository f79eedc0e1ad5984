import { nearest } from '../text/nearest.ts';
import { foundProviderNames } from './resolved-config.ts';

/** What is wrong, or doubtful, with one alias. */
export interface AliasRemark {
  readonly alias: string;
  readonly message: string;
}

/**
 * Checks where aliases lead. A candidate is a model with or without its provider, or another alias;
 * aliases that lead back to themselves are faults, told once for each circle. A provider that
 * nobody configured is doubtful only: the whole may be the name of a model.
 */
export function checkAliases(
  aliases: Readonly<Record<string, { readonly candidates: readonly string[] }>>,
  providers: readonly string[],
): { readonly faults: AliasRemark[]; readonly warnings: AliasRemark[] } {
  const byName = new Map(Object.entries(aliases));
  const faults: AliasRemark[] = [];
  const warnings: AliasRemark[] = [];
  const told = new Set<string>();
  for (const [alias, { candidates }] of byName) {
    const circle = wayBack(alias, alias, byName, new Set());
    if (circle !== undefined && !told.has(alias)) {
      for (const name of circle) told.add(name);
      faults.push({ alias, message: circleText(alias, circle) });
    }
    for (const candidate of candidates) {
      const message = byName.has(candidate) ? undefined : doubtOf(candidate, providers);
      if (message !== undefined) warnings.push({ alias, message });
    }
  }
  return { faults, warnings };
}

/** The aliases on the way from one to another, with both ends; undefined where there is none. */
function wayBack(
  from: string,
  to: string,
  aliases: ReadonlyMap<string, { readonly candidates: readonly string[] }>,
  seen: Set<string>,
): string[] | undefined {
  for (const candidate of aliases.get(from)?.candidates ?? []) {
    if (candidate === to) return [from, to];
    if (seen.has(candidate)) continue;
    seen.add(candidate);
    const rest = wayBack(candidate, to, aliases, seen);
    if (rest !== undefined) return [from, ...rest];
  }
  return undefined;
}

function circleText(alias: string, circle: readonly string[]): string {
  return circle.length === 2
    ? `it names itself; a model of that name needs its provider, as in openai/${alias}`
    : `it leads back to itself: ${circle.join(' → ')}`;
}

/** What is doubtful in the name of a model: its provider, where nobody configured it. */
export function doubtOf(candidate: string, providers: readonly string[]): string | undefined {
  const at = candidate.indexOf('/');
  if (at < 1) return undefined;
  const provider = candidate.slice(0, at);
  const known = [...providers, ...foundProviderNames];
  if (known.includes(provider)) return undefined;
  const near = nearest(provider, known, 1)[0];
  const hint =
    near === undefined
      ? `if ${candidate} is a model's own name, write its provider before it`
      : `did you mean ${near}?`;
  return `${candidate}: there is no provider ${provider}; ${hint}`;
}
