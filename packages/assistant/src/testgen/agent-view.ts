import type { AgentEvent } from '../agent/agent-event.ts';
import type { TestGenEvent } from './generate-tests.ts';

/**
 * What the generation of tests is to who follows its session as that of an agent: one run, whose rounds
 * have no ends of their own. Undefined: nothing.
 */
export function testGenAgentView(told: TestGenEvent): AgentEvent | undefined {
  switch (told.type) {
    case 'agent':
      return told.event.type === 'end' ? undefined : told.event;
    case 'note':
      return { type: 'notice', text: told.text };
    case 'done':
      return {
        type: 'end',
        status: 'completed',
        reason: 'done',
        message: toldEnd(told),
        usage: told.usage,
      };
  }
}

function toldEnd({ coverage, kept }: Extract<TestGenEvent, { type: 'done' }>): string {
  if (kept.length === 0) return 'no test stays';
  const paths = kept.map(({ path }) => path).join(', ');
  if (coverage === undefined) return `written: ${paths}`;
  const { after, before, total } = coverage;
  return `written: ${paths}; ${before} → ${after} of ${total} lines run by tests`;
}
