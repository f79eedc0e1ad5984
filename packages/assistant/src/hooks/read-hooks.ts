import { nearest } from '@zeke/foundation';
import { z } from 'zod';
import type { ExtensionOrigin } from '../extensions/extension-files.ts';
import { type Hook, type HookEvent, hookEvents } from './hook.ts';

/** Of one file. */
const maxHooks = 100;
/** Of one command, in characters. */
const maxCommandLength = 4_096;
const defaultTimeoutSeconds = 60;
const maxTimeoutSeconds = 600;

const command = z.object({
  type: z.literal('command', {
    error: 'type: only "command" is known, a program that runs at the event',
  }),
  command: z.string({ error: 'command: say what runs' }).trim().min(1).max(maxCommandLength),
  timeout: z.number().positive().max(maxTimeoutSeconds).optional(),
});
const group = z.object({
  matcher: z.string().max(500).optional(),
  hooks: z.array(z.unknown()).max(maxHooks),
});
const file = z.object({ hooks: z.record(z.string(), z.array(z.unknown()).max(maxHooks)) });

export interface ReadHooks {
  readonly hooks: readonly Hook[];
  /** A line each; hooks with one are left out. */
  readonly faults: readonly string[];
}

/**
 * The hooks of a file, which has the form of `hooks` in Claude Code's settings:
 * `{"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "…"}]}]}}`.
 * Never throws. Source: https://code.claude.com/docs/en/hooks
 */
export function readHooks(text: string, origin: ExtensionOrigin): ReadHooks {
  const whole = file.safeParse(parseJson(text));
  if (!whole.success) return { hooks: [], faults: [`it is not {"hooks": {EVENT: […]}} in JSON`] };
  const faults: string[] = [];
  const hooks: Hook[] = [];
  for (const [name, groups] of Object.entries(whole.data.hooks)) {
    const event = hookEvents.find((each) => each === name);
    if (event === undefined) faults.push(unknownEvent(name));
    else for (const each of groups) hooks.push(...readGroup(each, { event, origin, faults }));
  }
  if (hooks.length > maxHooks) faults.push(`only the first ${maxHooks} hooks are used`);
  return { hooks: hooks.slice(0, maxHooks), faults };
}

interface Place {
  readonly event: HookEvent;
  readonly origin: ExtensionOrigin;
  readonly faults: string[];
}

function readGroup(value: unknown, { event, faults, origin }: Place): Hook[] {
  const read = group.safeParse(value);
  if (!read.success) {
    faults.push(`${event}: each entry is {"matcher": "…", "hooks": […]}`);
    return [];
  }
  const matcher = matcherOf(read.data.matcher);
  if (matcher instanceof Error) {
    faults.push(`${event}: ${matcher.message}`);
    return [];
  }
  return read.data.hooks.flatMap((each) => {
    const found = command.safeParse(each);
    if (!found.success) {
      faults.push(`${event}: ${found.error.issues[0]?.message ?? 'a hook is not understood'}`);
      return [];
    }
    const { timeout = defaultTimeoutSeconds } = found.data;
    const timeoutMs = Math.round(timeout * 1_000);
    return [{ event, matcher, command: found.data.command, timeoutMs, origin }];
  });
}

/** Undefined where all is meant. A `.*` of a regular expression is a star; other signs of them have no meaning. */
function matcherOf(text: string | undefined): string | undefined | Error {
  const plain = (text ?? '').trim().replaceAll('.*', '*').replace(/^\^/, '').replace(/\$$/, '');
  if (plain === '' || plain === '*') return undefined;
  if (/^[\w*|:. -]+$/.test(plain)) return plain;
  return new Error(
    `matcher ${JSON.stringify(text)}: name tools, as "Edit|Write" or "mcp__github__*"; other regular expressions are not understood`,
  );
}

function unknownEvent(name: string): string {
  const [near] = nearest(name, hookEvents);
  const meant = near === undefined ? `there are ${hookEvents.join(', ')}` : `did you mean ${near}?`;
  return `${name.slice(0, 100)}: no hooks run at it here: ${meant}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
