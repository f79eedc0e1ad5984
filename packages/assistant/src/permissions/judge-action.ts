import type { Project } from '../project/project.ts';
import type { Action } from './action.ts';
import { judgePath } from './judge-path.ts';
import { judgeShell } from './judge-shell.ts';
import type { Rule } from './rule.ts';
import { type Fitting, type PartVerdict, type RuleBook, rulesForName } from './rule-book.ts';

/** Decides about all that one action would do. */
export async function judgeAction(
  book: RuleBook,
  action: Action,
  project: Project,
): Promise<readonly PartVerdict[]> {
  switch (action.kind) {
    case 'read':
      return [judgePath(book, { access: 'read', path: action.path })];
    case 'write': {
      const destroys = action.change === 'delete';
      return [judgePath(book, { access: 'write', path: action.path, destroys })];
    }
    case 'shell':
      return await judgeShell(book, action, project);
    case 'fetch':
      return [judgeFetch(book, action.url)];
    case 'mcp':
      return [judgeMcp(book, `${action.server}/${action.tool}`)];
  }
}

function judgeFetch(book: RuleBook, text: string): PartVerdict {
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isWeb) {
    return {
      text: `fetch ${text}`,
      verdict: 'ask',
      reason: 'it is no address of the web',
      remembers: [],
    };
  }
  const byHost = rulesForName(book, 'fetch', url.host);
  const byName = rulesForName(book, 'fetch', url.hostname);
  const fitting = {
    deny: byHost.deny ?? byName.deny,
    remembered: byHost.remembered ?? byName.remembered,
    ask: byHost.ask ?? byName.ask,
    allow: byHost.allow ?? byName.allow,
  };
  return judgeName(book, fitting, `fetch ${url.host}`, `fetch(${url.host})`);
}

function judgeMcp(book: RuleBook, name: string): PartVerdict {
  const escaped = name.replace(/[*\\]/g, '\\$&');
  return judgeName(book, rulesForName(book, 'mcp', name), `mcp ${name}`, `mcp(${escaped})`);
}

function judgeName(book: RuleBook, fitting: Fitting, text: string, rule: string): PartVerdict {
  const decide = (verdict: PartVerdict['verdict'], reason: string, by?: Rule): PartVerdict => ({
    text,
    verdict,
    reason,
    remembers: verdict === 'ask' ? [rule] : [],
    ...(by === undefined ? {} : { rule: by }),
  });
  if (fitting.deny !== undefined) return decide('deny', 'a rule denies it', fitting.deny);
  if (fitting.remembered !== undefined) {
    return decide('allow', 'a rule allows it', fitting.remembered);
  }
  if (fitting.ask !== undefined) return decide('ask', 'a rule asks', fitting.ask);
  if (fitting.allow !== undefined) return decide('allow', 'a rule allows it', fitting.allow);
  if (book.mode === 'full') return { ...decide('allow', 'the mode is full'), isDefault: true };
  return { ...decide('ask', 'no rule allows it'), isDefault: true };
}
