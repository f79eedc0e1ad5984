import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { examples, withConfig } from '../flags.ts';

export interface AgentFlags {
  readonly config?: string;
  readonly model?: string;
  readonly mode?: string;
  readonly maxSteps?: string;
  readonly budgetUsd?: string;
  readonly timeout?: string;
  readonly worktree?: boolean;
  readonly continue?: boolean;
  readonly resume?: string;
  readonly agent?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

/** Flags of every command that has an agent work; `json` is what `--json` does. */
export function withRun(command: Command, json = 'print each event as a line of JSON'): Command {
  return withConfig(command)
    .option('-m, --model <model>', 'provider/model or an alias (assistant.model)')
    .option('--max-steps <count>', 'answers of the model at most (assistant.max_steps)')
    .option('--budget-usd <amount>', 'what it may cost at most (assistant.budget_usd)')
    .option('--timeout <seconds>', 'how long it may take (rpc.agent_timeout)')
    .option('--json', json);
}

/** How much an agent may do without asking. */
export function modeOption(): Option {
  return new Option(
    '--mode <mode>',
    'what it may do without asking: plan changes nothing, ask asks before each change, auto-edit changes files, full runs commands, too (assistant.mode)',
  ).choices(['plan', 'ask', 'auto-edit', 'full']);
}

/** `zeke agent "task"` */
export function addAgent(program: Command, context: Context, setExitCode: SetExitCode): void {
  withRun(program.command('agent').description('have a task done in the project of this folder'))
    .argument('[task...]', 'what to do; what is piped in is added')
    .addOption(modeOption())
    .option('--agent <name>', 'build, plan, explore, general, or one of .zeke/agents')
    .option('--worktree', 'work in a git worktree of its own; the changes come back as a branch')
    .option('-c, --continue', 'go on with the last session of this project')
    .option('-r, --resume <session>', 'go on with this session')
    .option('--detach', 'start it and leave; zeke sessions attach follows it')
    .addHelpText(
      'after',
      examples(
        'zeke agent "fix the failing test in src/sum.ts"',
        'zeke agent --mode auto-edit --max-steps 20 "add a --quiet flag"',
        'npm test 2>&1 | zeke agent "make this pass"',
        'zeke agent --continue "now write a test for it"',
        'zeke agent --json --mode full --budget-usd 0.50 "update the changelog"',
      ),
    )
    .action(async (words: string[], flags: AgentFlags) => {
      const { agent } = await import('../actions/agent.ts');
      await agent(context, words.join(' '), flags, setExitCode);
    });
}
