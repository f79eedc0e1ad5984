/** What makes of an insert of rows that are there already an addition to them. */
export function addingUp(table: string, keys: readonly string[], sums: readonly string[]): string {
  const same = keys.map((key) => `"${key}"`).join(', ');
  const added = sums.map((sum) => `"${sum}" = "${table}"."${sum}" + excluded."${sum}"`).join(', ');
  return ` on conflict (${same}) do update set ${added}`;
}
