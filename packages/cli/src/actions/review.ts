import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Finding, ReviewResult } from '@zeke/protocol/reaper';
import { RpcError } from '@zeke/rpc';
import { RunPrinter } from '../agent/run-printer.ts';
import { sarifOf } from '../agent/sarif.ts';
import type { ReviewFlags } from '../commands/review.ts';
import type { Context } from '../context.ts';
import { exitCodes, type SetExitCode } from '../exit-codes.ts';
import { openDaemon } from '../open-daemon.ts';
import { type Output, printable } from '../output.ts';
import { pipedText } from '../piped-text.ts';
import { runRequest } from './agent.ts';

const severities = ['critical', 'major', 'minor', 'nit'];

/** `zeke review`: findings go to standard output, what the reviewer does to standard error. */
export async function reviewChange(
  context: Context,
  range: string | undefined,
  { failOn, json = false, patch, staged, ...flags }: ReviewFlags,
  setExitCode: SetExitCode,
): Promise<void> {
  const { cwd, interrupts, output } = context;
  const change = await changeOf(context, range, patch, staged);
  const { budgetMicroUsd, maxSteps, model, timeout } = runRequest(context, flags);
  const request = {
    cwd,
    change,
    ...(model === undefined ? {} : { model }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(budgetMicroUsd === undefined ? {} : { budgetMicroUsd }),
  };
  await using client = await openDaemon(context, flags);
  const printer = new RunPrinter(output);
  for await (const { update } of client.review.run(request, { signal: interrupts.signal })) {
    if (update.case === 'agent') {
      const { event } = update.value;
      if (event.case === 'toolCall' || event.case === 'notice') printer.show(update.value);
    }
    if (update.case !== 'result') continue;
    tell(context, update.value, json ? 'json' : flags.format);
    const worst = severities.indexOf(failOn ?? '');
    const isBad = ({ severity }: Finding) => severities.indexOf(severity) <= worst;
    if (update.value.findings.some(isBad)) setExitCode(exitCodes.failure);
  }
}

async function changeOf(
  context: Context,
  range: string | undefined,
  patch: string | undefined,
  staged: boolean | undefined,
) {
  const given = [range, patch, staged].filter((each) => each !== undefined);
  if (given.length > 1) {
    throw new RpcError('invalid_argument', 'say one of a range, --staged and --patch');
  }
  if (patch !== undefined)
    return { case: 'patch', value: await readPatch(context, patch) } as const;
  if (staged) return { case: 'staged', value: true } as const;
  return range === undefined ? { case: undefined } : ({ case: 'range', value: range } as const);
}

async function readPatch(context: Context, file: string): Promise<string> {
  if (file === '-') return await pipedText(context);
  return await readFile(resolve(context.cwd, file), 'utf8').catch((cause) => {
    throw cause.code === 'ENOENT'
      ? new RpcError('not_found', `--patch: ${file}: there is no such file`, { cause })
      : new RpcError('failed_precondition', `--patch: ${file} cannot be read (${cause.code})`, {
          cause,
        });
  });
}

function tell({ output }: Context, result: ReviewResult, format: ReviewFlags['format']): void {
  if (format === 'json') output.json(ReviewResult.toJson(result));
  else if (format === 'sarif') output.json(sarifOf(result.findings));
  else tellPeople(output, result);
}

function tellPeople(output: Output, result: ReviewResult): void {
  const { bold, dim, green, red, yellow } = output.styles;
  const { dropped, findings, summary } = result;
  for (const finding of findings) {
    const { endLine, explanation, file, line, replacement, severity, title } = finding;
    const lines = endLine > line ? `${line}-${endLine}` : `${line}`;
    const paint = severities.indexOf(severity) < 2 ? red : yellow;
    output.line(`${paint(severity)} ${bold(`${printable(file)}:${lines}`)} ${printable(title)}`);
    for (const row of explanation.split('\n').filter(Boolean)) output.line(`  ${printable(row)}`);
    for (const row of replacement?.split('\n') ?? [])
      output.line(`  ${green(`+ ${printable(row)}`)}`);
    output.line();
  }
  if (findings.length === 0) output.line(green('nothing found'));
  for (const row of summary.split('\n').filter(Boolean)) output.line(printable(row));
  if (dropped > 0) output.line(dim(`${dropped} findings about other lines were left out`));
}
