import {
  type ApprovalAsked,
  type FileDiff,
  type HookRun,
  type RunUsage,
  StepStatus,
  type StepUpdate,
  type ToolCallEnded,
} from '@zeke/protocol/reaper';
import { type Output, printable, type Styles } from '../output.ts';
import { showQuestion } from './ask-question.ts';

/** Of a difference, as it is shown. */
const maxDiffLines = 40;
/** Of what a call says while it runs, or at its end where it failed. */
const maxTextLines = 6;

/**
 * Tells people what an agent does: its words go to standard output, all else to standard error, so
 * that a pipe carries the words only.
 */
export class RunPrinter {
  readonly #output: Output;
  readonly #styles: Styles;
  readonly #indent: string;
  readonly #subagents = new Map<string, RunPrinter>();
  /** The last thing written was text without a line break. */
  #isWithinLine = false;
  /** What was said since the last call. */
  #said = '';

  constructor(output: Output, indent = '') {
    this.#output = output;
    this.#styles = output.noteStyles;
    this.#indent = indent;
  }

  show(update: StepUpdate): void {
    const { event } = update;
    const { dim, yellow } = this.#styles;
    if (event.case === 'text') this.#text(event.value.text);
    else if (event.case === 'toolCall') {
      this.#said = '';
      this.#call(event.value.title);
    } else if (event.case === 'toolResult') this.#result(event.value);
    else if (event.case === 'approval') this.#approval(event.value);
    else if (event.case === 'question') {
      this.#breakLine();
      showQuestion(this.#output, event.value, this.#indent);
    } else if (event.case === 'steered') this.#note(dim(`you: ${printable(event.value.text)}`));
    else if (event.case === 'todo') this.#todo(event.value.items);
    else if (event.case === 'notice') this.#note(yellow(printable(event.value.text)));
    else if (event.case === 'hook') this.#hook(event.value);
    else if (event.case === 'subagent') this.#subagent(event.value.callId, event.value.update);
    else if (event.case === 'ended') this.#ended(update, event.value.usage);
    else if (event.case === 'compacted') {
      const { tokensAfter, tokensBefore } = event.value;
      this.#note(dim(`the conversation was compacted: ${tokensBefore} to ${tokensAfter} tokens`));
    }
  }

  /** A unified difference, with colours. */
  diff({ diff, linesAdded, linesRemoved, path }: FileDiff): void {
    const { bold, cyan, dim, green, red } = this.#styles;
    this.#note(`  ${bold(printable(path))} ${green(`+${linesAdded}`)} ${red(`-${linesRemoved}`)}`);
    const all = diff.split('\n');
    // Its head says nothing more; after it a removed comment of SQL looks like one.
    const lines = all.slice(all.findIndex((line) => line.startsWith('@@')));
    for (const line of lines.slice(0, maxDiffLines)) {
      const paint = { '+': green, '-': red, '@': cyan }[line[0] ?? ''] ?? dim;
      if (line !== '') this.#note(`  ${paint(printable(line))}`);
    }
    const rest = lines.length - maxDiffLines;
    if (rest > 0) this.#note(dim(`  … ${rest} more lines`));
  }

  #call(title: string): void {
    this.#note(`${this.#styles.green('●')} ${printable(title)}`);
  }

  #result({ changes, isError, summary, text }: ToolCallEnded): void {
    const { dim, red } = this.#styles;
    const said = printable(summary === '' ? firstLines(text, 1) : summary);
    this.#note(`  ${isError ? red(said) : dim(said)}`);
    if (isError && summary !== '' && !text.startsWith(summary)) {
      for (const line of firstLines(text, maxTextLines).split('\n')) {
        this.#note(`  ${red(printable(line))}`);
      }
    }
    for (const change of changes) this.diff(change);
  }

  #approval({ changes, reason, title }: ApprovalAsked): void {
    const { dim, yellow } = this.#styles;
    this.#note(`${yellow('?')} ${printable(title)}`);
    this.#note(`  ${dim(printable(reason))}`);
    for (const change of changes) this.diff(change);
  }

  #hook({ command, event, outcome, text }: HookRun): void {
    const { dim, red, yellow } = this.#styles;
    const paints: Readonly<Record<string, Styles['dim']>> = {
      blocked: red,
      failed: red,
      asked: yellow,
    };
    const paint = paints[outcome] ?? dim;
    const said = text === '' ? '' : `: ${text}`;
    const ended = outcome === 'ok' ? '' : ` ${outcome}`;
    this.#note(`  ${paint(printable(`hook ${event} (${command})${ended}${said}`))}`);
  }

  #text(text: string): void {
    if (this.#indent !== '') return;
    this.#output.words(text);
    this.#said += text;
    this.#isWithinLine = !text.endsWith('\n');
  }

  #todo(items: readonly { readonly text: string; readonly status: string }[]): void {
    const { dim, green, yellow } = this.#styles;
    for (const { status, text } of items) {
      const words = printable(text);
      if (status === 'completed') this.#note(`  ${green('✔')} ${dim(words)}`);
      else this.#note(status === 'in_progress' ? `  ${yellow('▸')} ${words}` : `  ○ ${words}`);
    }
  }

  #subagent(callId: string, update: StepUpdate | undefined): void {
    if (update === undefined) return;
    let printer = this.#subagents.get(callId);
    if (printer === undefined) {
      printer = new RunPrinter(this.#output, `${this.#indent}  │ `);
      this.#subagents.set(callId, printer);
    }
    printer.show(update);
    if (update.event.case === 'ended') this.#subagents.delete(callId);
  }

  #ended({ message, status }: StepUpdate, usage: RunUsage | undefined): void {
    const { dim, green, red } = this.#styles;
    if (this.#isWithinLine) this.#output.line();
    this.#isWithinLine = false;
    const isDone = status === StepStatus.completed;
    // On a terminal it stands right above.
    const isSaid = this.#output.isTerminal && this.#said.trim() === message.trim();
    const [first = '', ...rest] = isSaid && isDone ? ['done'] : message.trim().split('\n');
    this.#note(`${isDone ? green('✔') : red('✘')} ${printable(first)}`);
    for (const line of rest.slice(0, maxTextLines)) this.#note(`  ${printable(line)}`);
    if (usage !== undefined) this.#note(dim(`  ${usageText(usage)}`));
  }

  #note(line: string): void {
    this.#breakLine();
    this.#output.note(this.#indent + line);
  }

  /** On a terminal both streams are one. */
  #breakLine(): void {
    if (this.#isWithinLine && this.#output.isTerminal) this.#output.line();
    this.#isWithinLine = false;
  }
}

function firstLines(text: string, count: number): string {
  const lines = text.split('\n');
  return lines.length <= count ? text : `${lines.slice(0, count).join('\n')} …`;
}

/** `4 steps, 12,034 tokens in (8,000 cached), 600 out, $0.0123`. */
export function usageText(usage: RunUsage): string {
  const { cachedInputTokens: cached, costMicroUsd, inputTokens, outputTokens, steps } = usage;
  const parts = [
    `${steps} ${steps === 1 ? 'step' : 'steps'}`,
    `${number(inputTokens)} tokens in${cached > 0 ? ` (${number(cached)} cached)` : ''}`,
    `${number(outputTokens)} out`,
  ];
  if (costMicroUsd !== undefined) parts.push(`$${(costMicroUsd / 1_000_000).toFixed(4)}`);
  return parts.join(', ');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
