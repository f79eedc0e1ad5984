import type { ExtensionOrigin } from '../extensions/extension-files.ts';
import { matchesWildcard } from '../permissions/wildcard.ts';

/** When hooks run, by the names that Claude Code has for it. */
export const hookEvents = [
  'SessionStart',
  'UserPromptSubmit',
  'PreToolUse',
  'PostToolUse',
  'Notification',
  'Stop',
  'SubagentStop',
] as const;

export type HookEvent = (typeof hookEvents)[number];

/** A program that a user, or a project, has run at an event. */
export interface Hook {
  readonly event: HookEvent;
  /** Names of tools, with `|` between them and `*` in them; undefined: all. */
  readonly matcher: string | undefined;
  /** For bash. */
  readonly command: string;
  readonly timeoutMs: number;
  readonly origin: ExtensionOrigin;
}

/** The hooks of a user and of a project, as their files are now. */
export interface LoadedHooks {
  readonly user: readonly Hook[];
  readonly project: readonly Hook[];
  /** SHA-256 of what the project's hooks are made of, in hexadecimal; undefined where it has none. */
  readonly hash: string | undefined;
  /** A person has agreed to just that. */
  readonly isTrusted: boolean;
  /** `.zeke/hooks.json: what is wrong`; hooks with a fault are left out. */
  readonly faults: readonly string[];
}

/** How a hook ended. */
export interface HookEnd {
  /** Undefined where it did not end by itself. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** Why it did not come to its end, for people; empty where it did. */
  readonly fault: string;
}

/** What a hook came to, for people and for the session. */
export interface HookReport {
  readonly event: HookEvent;
  readonly command: string;
  readonly outcome: 'ok' | 'blocked' | 'asked' | 'failed';
  /** What it said, or what is wrong with it; often empty. */
  readonly text: string;
  readonly durationMs: number;
  /** Of the call that it is about. */
  readonly callId?: string;
}

/** Whether a hook is about a tool: by the tool's own name, or by the one it has in Claude Code. */
export function matchesTool({ matcher }: Pick<Hook, 'matcher'>, toolName: string): boolean {
  if (matcher === undefined) return true;
  const names = [toolName, ...(otherNames.get(toolName) ?? [])];
  if (toolName.includes('__')) names.push(`mcp__${toolName}`);
  const patterns = matcher.split('|').map((each) => each.trim());
  return patterns.some((pattern) => names.some((name) => matchesWildcard(pattern, name)));
}

/** `Edit` is meant for all that changes what stands in a file. */
const otherNames = new Map<string, readonly string[]>([
  ['shell', ['Bash']],
  ['read_file', ['Read']],
  ['write_file', ['Write']],
  ['edit', ['Edit']],
  ['multi_edit', ['MultiEdit', 'Edit']],
  ['apply_patch', ['Edit', 'Write']],
  ['delete_file', ['Write']],
  ['lsp_rename', ['Edit']],
  ['glob', ['Glob']],
  ['grep', ['Grep']],
  ['list_directory', ['LS']],
  ['web_fetch', ['WebFetch']],
  ['todo', ['TodoWrite']],
  ['task', ['Task', 'Agent']],
]);
