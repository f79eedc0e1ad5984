import { Command } from 'commander';
import { addAgent } from './commands/agent.ts';
import { addAsk } from './commands/ask.ts';
import { addAudit } from './commands/audit.ts';
import { addBudgets } from './commands/budgets.ts';
import { addCache } from './commands/cache.ts';
import { addChat } from './commands/chat.ts';
import { addCompleteAt } from './commands/complete-at.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addConsent } from './commands/consent.ts';
import { addContent } from './commands/content.ts';
import { addDaemon } from './commands/daemon.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExplain, addRefactor } from './commands/explain.ts';
import { addHooks } from './commands/hooks.ts';
import { addKeys } from './commands/keys.ts';
import { addLogin } from './commands/login.ts';
import { addMcp } from './commands/mcp.ts';
import { addModels } from './commands/models.ts';
import { addOrgs } from './commands/orgs.ts';
import { addPermissions } from './commands/permissions.ts';
import { addPrices } from './commands/prices.ts';
import { addProviders } from './commands/providers.ts';
import { addCommit, addReview } from './commands/review.ts';
import { addRpc } from './commands/rpc.ts';
import { addSecrets } from './commands/secrets.ts';
import { addSessions } from './commands/sessions.ts';
import { addTeams } from './commands/teams.ts';
import { addTestGen } from './commands/test-gen.ts';
import { addUndo } from './commands/undo.ts';
import { addUp } from './commands/up.ts';
import { addUsage } from './commands/usage.ts';
import { addUsers } from './commands/users.ts';
import { addVersion } from './commands/version.ts';
import { addWatch } from './commands/watch.ts';
import type { Context } from './context.ts';
import type { SetExitCode } from './exit-codes.ts';

/**
 * All commands with their flags and help; what they do is loaded when they run. With `only` the name of one,
 * it alone is there: the others would be half of what a short command costs.
 */
export function createProgram(context: Context, setExitCode: SetExitCode, only?: string): Command {
  const { output } = context;
  const program = new Command('zeke')
    .description(
      'A self-hosted AI stack: every model provider behind one endpoint, and an assistant for code.',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.hint(text.trimEnd()),
      writeErr: (text) => output.note(text.trimEnd()),
      // An error is thrown too, and told where all are.
      outputError: () => {},
    })
    .addHelpText('after', `\n${environmentHelp}`);
  const asked = groups.filter(([names]) => names.split(' ').some((name) => name === only));
  for (const [, add] of asked.length === 0 ? groups : asked) add(program, context, setExitCode);
  return program;
}

type Add = (program: Command, context: Context, setExitCode: SetExitCode) => void;

/** In the order of help, by the names of the commands that each adds. */
const groups: readonly (readonly [names: string, add: Add])[] = [
  ['up', addUp],
  ['chat', addChat],
  ['ask', addAsk],
  ['agent', addAgent],
  ['watch', addWatch],
  ['explain', addExplain],
  ['refactor', addRefactor],
  ['sessions', addSessions],
  ['undo redo diff', addUndo],
  ['review', addReview],
  ['test-gen', addTestGen],
  ['commit', addCommit],
  ['complete', addCompleteAt],
  ['models', addModels],
  ['providers', addProviders],
  ['mcp', addMcp],
  ['permissions', addPermissions],
  ['hooks', addHooks],
  ['keys', addKeys],
  ['secrets', addSecrets],
  ['login logout whoami', addLogin],
  ['orgs', addOrgs],
  ['teams', addTeams],
  ['users', addUsers],
  ['budgets', addBudgets],
  ['consent', addConsent],
  ['usage', addUsage],
  ['audit', addAudit],
  ['content', addContent],
  ['cache', addCache],
  ['prices', addPrices],
  ['config', addConfig],
  ['doctor', addDoctor],
  ['daemon', addDaemon],
  ['rpc', addRpc],
  ['completion', addCompletion],
  ['version', addVersion],
];

const environmentHelp = `Environment:
  ZEKE_HOME     where configuration, database and secrets are (~/.zeke)
  ZEKE_URL      a running gateway to talk to, in place of the configuration's
  ZEKE_API_KEY  the key to talk to it with
  ZEKE_RPC_TOKEN  in its place, the token of a daemon elsewhere (its ZEKE_HOME/rpc-token)
  NO_COLOR      no colours

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not reachable, 4 not authorized, 5 not found,
6 faulty configuration, 130 interrupted`;
