import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock, writeFileAtomically } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { parseRule, type Rule } from './rule.ts';

/** What a person decided for one project, beside the project and never in it. */
export interface ProjectDecisions {
  /** The project's root, for people who look into the file. */
  readonly root: string;
  readonly allow: readonly RememberedRule[];
  /** SHA-256 of the project's own file of rules that was trusted, in hexadecimal. */
  readonly trustedRules?: string | undefined;
  /** SHA-256 of the project's own hooks that were trusted, in hexadecimal. */
  readonly trustedHooks?: string | undefined;
}

interface RememberedRule {
  readonly rule: string;
  /** When it was said, ISO 8601. */
  readonly at: string;
}

/** More than one person answers in years. */
const maxRemembered = 1_000;

const schema = z.object({
  root: z.string(),
  allow: z.array(z.object({ rule: z.string(), at: z.string() })).max(maxRemembered),
  trustedRules: z.string().optional(),
  trustedHooks: z.string().optional(),
});

/** `$ZEKE_HOME/projects/<name>-<hash>/permissions.json` */
export function decisionsPath(home: string, root: string): string {
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const name = root
    .slice(root.lastIndexOf('/') + 1)
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 40);
  return join(home, 'projects', `${name}-${hash}`, 'permissions.json');
}

/** Throws `data_loss` where the file cannot be understood: what was denied or trusted must not be guessed. */
export async function readDecisions(path: string, root: string): Promise<ProjectDecisions> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unreadable(path, error);
  });
  if (text === undefined) return { root, allow: [] };
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Changes the file in one step, for this user's eyes only, one after the other across processes. */
export async function changeDecisions(
  path: string,
  root: string,
  change: (decisions: ProjectDecisions) => ProjectDecisions,
): Promise<ProjectDecisions> {
  return await withFileLock(`${path}.lock`, async () => {
    const changed = change(await readDecisions(path, root));
    if (changed.allow.length > maxRemembered) {
      throw new RpcError(
        'resource_exhausted',
        `${path} has ${maxRemembered} rules: forget some with zeke permissions forget, or write wider ones into permissions.toml`,
      );
    }
    await writeFileAtomically(path, `${JSON.stringify(changed, undefined, 2)}\n`, 0o600);
    return changed;
  });
}

/** The rules that were remembered; one that is not understood any more is left out. */
export function rememberedRules(decisions: ProjectDecisions): Rule[] {
  return decisions.allow.flatMap(({ rule }) => {
    const subject = parseRule(rule);
    if (typeof subject === 'string') return [];
    return [{ verdict: 'allow', text: rule, subject, origin: { kind: 'project' } } as const];
  });
}

function unreadable(path: string, cause: unknown): RpcError {
  const message = `${path} cannot be read: repair it, or delete it to forget what was decided for this project`;
  return new RpcError('data_loss', message, { cause });
}
