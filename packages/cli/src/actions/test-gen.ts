import { type TestGenResult, TestGenUpdate } from '@zeke/protocol/reaper';
import { RpcError } from '@zeke/rpc';
import { RunPrinter } from '../agent/run-printer.ts';
import type { TestGenFlags } from '../commands/test-gen.ts';
import type { Context } from '../context.ts';
import { exitCodes, type SetExitCode } from '../exit-codes.ts';
import { openDaemon } from '../open-daemon.ts';
import { type Output, printable } from '../output.ts';
import { runRequest } from './agent.ts';

/**
 * `zeke test-gen`: what came of it goes to standard output, what is done meanwhile to standard error;
 * with `--json` each update is a line of JSON on standard output. Ends with 1 where no test stays.
 */
export async function testGen(
  context: Context,
  path: string,
  hint: string,
  { command, json = false, testTimeout, ...flags }: TestGenFlags,
  setExitCode: SetExitCode,
): Promise<void> {
  const { cwd, interrupts, output } = context;
  const { budgetMicroUsd, maxSteps, model, timeout } = runRequest(context, flags);
  const request = {
    cwd,
    path,
    hint,
    ...(command === undefined ? {} : { command }),
    ...(testTimeout === undefined ? {} : { testTimeout: seconds(testTimeout) }),
    ...(model === undefined ? {} : { model }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(budgetMicroUsd === undefined ? {} : { budgetMicroUsd }),
  };
  await using client = await openDaemon(context, flags);
  const printer = new RunPrinter(output);
  for await (const told of client.testGen.generate(request, { signal: interrupts.signal })) {
    const { update } = told;
    if (json) output.line(JSON.stringify(TestGenUpdate.toJson(told)));
    else if (update.case === 'note') output.note(output.noteStyles.dim(printable(update.value)));
    else if (update.case === 'agent') showStep(printer, update.value);
    if (update.case !== 'result') continue;
    if (!json) tellPeople(output, path, update.value);
    if (update.value.kept.length === 0) setExitCode(exitCodes.failure);
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 86_400) return value;
  throw new RpcError('invalid_argument', '--test-timeout: it is a whole number from 1 to 86400');
}

/** Its words come at the end, with what came of them. */
function showStep(printer: RunPrinter, update: Parameters<RunPrinter['show']>[0]): void {
  const { event } = update;
  if (event.case !== 'text' && event.case !== 'ended') printer.show(update);
}

function tellPeople(output: Output, path: string, result: TestGenResult): void {
  const { bold, dim, green, red, yellow } = output.styles;
  const { command, coverage, dropped, kept, message } = result;
  for (const row of message.trim().split('\n')) output.line(printable(row));
  if (message.trim() !== '') output.line();
  for (const { isNew, newLines, passed, path: file } of kept) {
    const tests = passed === undefined ? 'passed' : `${passed} passed`;
    const lines = newLines.length === 0 ? '' : `, ${counted(newLines.length)} run`;
    const what = isNew ? 'written' : 'changed';
    output.line(`${green('✔')} ${bold(printable(file))} ${what}: ${tests}${lines}`);
  }
  for (const { path: file, reason } of dropped) {
    const [first = ''] = reason.split('\n');
    output.line(`${yellow('○')} ${printable(file)} put back: ${printable(first)}`);
  }
  if (kept.length === 0) output.line(red('no test stays'));
  output.line(coverage === undefined ? dim(unknown(command)) : gainText(path, coverage));
}

function counted(lines: number): string {
  return lines === 1 ? '1 more line' : `${lines} more lines`;
}

function unknown(command: string): string {
  return `which lines tests run is not known: ${printable(command)} does not say here`;
}

/** `src/sum.ts: 3 → 5 of 6 lines run by tests (50% → 83%)` */
function gainText(
  path: string,
  { after, before, total }: NonNullable<TestGenResult['coverage']>,
): string {
  const percent = (lines: number) => `${total === 0 ? 0 : Math.floor((lines * 100) / total)}%`;
  const parts = `${percent(before)} → ${percent(after)}`;
  return `${printable(path)}: ${before} → ${after} of ${total} lines run by tests (${parts})`;
}
