/**
 * What goes through without a question where no rule says otherwise. `plan`: reading. `ask`: the same,
 * and all else is asked. `auto-edit`: writing in the project too. `full`: everything but what is dangerous.
 */
export const permissionModes = ['plan', 'ask', 'auto-edit', 'full'] as const;

export type PermissionMode = (typeof permissionModes)[number];

/** From the strictest to the most open. */
export function stricter(left: PermissionMode, right: PermissionMode): PermissionMode {
  return permissionModes.indexOf(left) < permissionModes.indexOf(right) ? left : right;
}
