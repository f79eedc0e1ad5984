import { homedir } from 'node:os';
import {
  openProject,
  type PermissionMode,
  Permissions,
  showOrigin,
} from '@zeke/daemon/permissions';
import { zekeHome } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { ExplainFlags, ForgetFlags, PermissionsFlags } from '../commands/permissions.ts';
import { loadOptions, readConfig } from '../config.ts';
import type { Context } from '../context.ts';

/** Says what would be decided about a command line, part by part. Nothing runs. */
export async function explainPermissions(
  context: Context,
  command: string,
  flags: ExplainFlags,
): Promise<void> {
  const { output } = context;
  const { config } = await readConfig(loadOptions(context, flags));
  const permissions = await open(context, flags.mode ?? config.assistant.mode);
  const { verdict, reason, parts, remembers } = await permissions.explain(command, context.cwd);
  const mode = await permissions.mode();
  const told = parts.map(({ text, verdict: own, reason: why, rule }) => ({
    text,
    verdict: own,
    reason: why,
    ...(rule && { rule: rule.text, origin: showOrigin(rule.origin) }),
  }));
  if (flags.json) {
    output.json({ command, cwd: context.cwd, mode, verdict, reason, parts: told, remembers });
    return;
  }
  output.table(
    ['VERDICT', 'PART', 'WHY'],
    told.map(({ text, verdict: own, reason: why, rule, origin }) => [
      own,
      text,
      rule === undefined ? why : `${why}: ${rule}, ${origin}`,
    ]),
  );
  const verdicts = {
    allow: 'it would run',
    ask: 'you would be asked',
    deny: 'it would be refused',
  };
  output.line();
  output.line(`${verdicts[verdict]} (mode ${mode})`);
  if (remembers.length > 0) {
    output.note(`"for this session" and "for this project" would remember ${remembers.join(', ')}`);
  }
  for (const notice of await permissions.notices()) output.note(notice);
}

/** Lists all rules with their places. */
export async function listPermissions(context: Context, flags: PermissionsFlags): Promise<void> {
  const { output } = context;
  const permissions = await open(context);
  const rules = await permissions.list();
  if (flags.json) {
    output.json({ rules });
    return;
  }
  if (rules.length === 0) {
    output.note('there are no rules yet: the mode alone decides');
    return;
  }
  output.table(
    ['VERDICT', 'RULE', 'WHERE'],
    rules.map(({ verdict, rule, origin, isInForce }) => [
      verdict,
      rule,
      isInForce ? origin : `${origin} (not in force: the file is not trusted)`,
    ]),
  );
  for (const notice of await permissions.notices()) output.note(notice);
}

/** Takes back what was allowed for the project. */
export async function forgetPermissions(
  context: Context,
  rule: string | undefined,
  flags: ForgetFlags,
): Promise<void> {
  const { output } = context;
  if ((rule === undefined) !== (flags.all === true)) {
    throw new RpcError('invalid_argument', 'name one rule to forget, or say --all');
  }
  const permissions = await open(context);
  const forgotten = await permissions.forget(rule);
  if (rule !== undefined && forgotten === 0) {
    throw new RpcError(
      'not_found',
      `${rule} was not allowed for this project: zeke permissions list shows what was, and rules of files are taken out there`,
    );
  }
  if (flags.json) output.json({ forgotten });
  else output.line(`forgot ${forgotten} ${forgotten === 1 ? 'rule' : 'rules'}`);
}

/** Lets the project's own file of rules allow things, as long as its text stays the same. */
export async function trustPermissions(context: Context, flags: PermissionsFlags): Promise<void> {
  const { output } = context;
  const path = await (await open(context)).trustProject();
  if (flags.json) output.json({ trusted: path });
  else output.line(`${path} is in force as it stands now; a change to it has to be trusted again`);
}

async function open(
  { cwd, environment }: Context,
  mode?: PermissionMode | undefined,
): Promise<Permissions> {
  return await Permissions.open({
    project: await openProject(cwd),
    zekeHome: zekeHome(environment, cwd),
    home: environment.HOME ?? homedir(),
    mode,
  });
}
