/** A text with its variables in place, or the names of those that are not set. */
export type Expanded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly missing: readonly string[] };

/** Puts variables in place: `${NAME}`, or `${NAME:-what else}`. An empty one counts as not set. */
export function expandVariables(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): Expanded {
  const missing: string[] = [];
  const expanded = text.replace(
    /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
    (_, name: string, otherwise: string | undefined) => {
      const value = environment[name] || otherwise;
      if (value === undefined) missing.push(name);
      return value ?? '';
    },
  );
  return missing.length > 0 ? { ok: false, missing } : { ok: true, text: expanded };
}
