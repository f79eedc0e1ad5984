import type { DoctorFlags } from '../commands/doctor.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Finding, findings } from '../findings.ts';

/** Looks at everything zeke stands on. Fails when something keeps it from working. */
export async function doctor(context: Context, flags: DoctorFlags): Promise<ExitCode> {
  const { output } = context;
  const found: Finding[] = [];
  for await (const finding of findings(context, flags)) {
    found.push(finding);
    if (!flags.json) tell(finding, context);
  }
  const ok = found.every(({ status }) => status !== 'failed');
  if (flags.json) output.json({ ok, findings: found });
  return ok ? exitCodes.ok : exitCodes.failure;
}

function tell({ status, what, detail, advice }: Finding, { output }: Context): void {
  const { green, yellow, red, dim } = output.styles;
  const mark = { ok: green('ok      '), warning: yellow('warning '), failed: red('failed  ') };
  output.hint(`${mark[status]} ${what}: ${detail}`);
  if (advice !== undefined) output.hint(`          ${dim('→')} ${advice}`);
}
