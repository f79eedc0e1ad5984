import { type Hook, hashToTrust, loadHooks, openProject, trustHooks } from '@zeke/daemon/hooks';
import { zekeHome } from '@zeke/foundation';
import type { HooksFlags } from '../commands/hooks.ts';
import type { Context } from '../context.ts';
import { printable } from '../output.ts';

const msPerSecond = 1_000;

/** `zeke hooks list` */
export async function listHooks(context: Context, { json }: HooksFlags): Promise<void> {
  const { output } = context;
  const { faults, hash, isTrusted, project, user } = await loadHooks(await placeOf(context));
  const all = [...user, ...project];
  const runs = ({ origin }: Hook): boolean => origin === 'user' || isTrusted;
  if (json) {
    const hooks = all.map((hook) => ({ ...hook, runs: runs(hook) }));
    output.json({ hooks, trusted: isTrusted, ...(hash && { hash }), faults });
    return;
  }
  for (const fault of faults) output.note(printable(fault));
  if (all.length === 0) {
    output.hint('no hooks: .zeke/hooks.json in a project has them, or hooks.json in ZEKE_HOME');
    return;
  }
  output.table(
    ['EVENT', 'TOOLS', 'COMMAND', 'LIMIT', 'OF', 'RUNS'],
    all.map((hook) => [
      hook.event,
      hook.matcher ?? 'all',
      hook.command,
      `${hook.timeoutMs / msPerSecond} s`,
      hook.origin,
      runs(hook) ? 'yes' : 'not trusted',
    ]),
  );
  if (project.length > 0 && !isTrusted) {
    output.hint("read the project's hooks and what they run, then zeke hooks trust");
  }
}

/** `zeke hooks trust` */
export async function trustProjectHooks(context: Context, { json }: HooksFlags): Promise<void> {
  const { output } = context;
  const place = await placeOf(context);
  const loaded = await loadHooks(place);
  const hash = hashToTrust(loaded);
  await trustHooks(place, hash);
  if (json) output.json({ trusted: hash });
  else {
    const count = `${loaded.project.length} ${loaded.project.length === 1 ? 'hook' : 'hooks'}`;
    output.line(
      `${count} of .zeke/hooks.json run from now on; a change to it, or in .zeke/hooks, has to be trusted again`,
    );
  }
}

/** `zeke hooks distrust` */
export async function distrustProjectHooks(context: Context, { json }: HooksFlags): Promise<void> {
  await trustHooks(await placeOf(context), undefined);
  if (json) context.output.json({ trusted: null });
  else context.output.line("the project's hooks do not run any more");
}

async function placeOf({ cwd, environment }: Context) {
  return { project: await openProject(cwd), zekeHome: zekeHome(environment, cwd) };
}
