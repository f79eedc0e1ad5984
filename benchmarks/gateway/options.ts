import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ContenderName, contenderNames } from './contenders/contender.ts';
import { type MeasureName, measureNames } from './measures.ts';

/** What the command line says. */
export interface Options {
  mode: 'rounds' | 'soak' | 'idle' | 'profile' | 'help';
  rounds: number;
  /** Of one measurement. */
  seconds: number;
  measures: readonly MeasureName[];
  contenders: readonly ContenderName[];
  /** The launcher of the zeke that is measured. */
  zeke: string;
}

export const usage = `bun run benchmarks/gateway.ts [options]

Measures zeke, plain and with all rules on, beside nginx, a bare proxy on Bun, Portkey, LiteLLM and
no gateway at all, and prints Markdown tables.
--rounds N         rounds of everything (5)
--seconds S        time of one measurement (1)
--only A,B         measurements: ${measureNames.join(', ')}
--contenders A,B   ${contenderNames.join(', ')}
--zeke COMMAND     another launcher than ./zeke, to compare a change
--soak             500,000 requests and 20,000 streams that clients leave: does memory grow?
--idle             10,000 open streams that wait: how much memory do they take?
--profile          where zeke, or with --contenders governed that, spends its time in those of --only`;

/** Reads the command line. Throws, with what is wrong, for what it does not know. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '1' },
      only: { type: 'string' },
      contenders: { type: 'string' },
      zeke: { type: 'string', default: join(import.meta.dirname, '../../zeke') },
      soak: { type: 'boolean', default: false },
      idle: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, idle, soak, profile, zeke } = values;
  return {
    mode: help ? 'help' : soak ? 'soak' : idle ? 'idle' : profile ? 'profile' : 'rounds',
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    measures: chosen(values.only, measureNames),
    contenders: chosen(values.contenders, contenderNames),
    zeke,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`--${name} must be a number above 0, not ${text}`);
}

function chosen<Name extends string>(text: string | undefined, names: readonly Name[]): Name[] {
  if (text === undefined) return [...names];
  const wanted = text.split(',');
  const unknown = wanted.find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`${unknown} is none of ${names.join(', ')}`);
  return names.filter((name) => wanted.includes(name));
}
