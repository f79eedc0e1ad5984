import type { Consents as GatewayConsents, Need } from '@zeke/gateway';
import type { ConsentQuestion, Consents } from '@zeke/mcp';

export interface ConsentQueueOptions {
  readonly consents: GatewayConsents;
  /** How often it is looked whether somebody has answered, in milliseconds: another replica may be asked. */
  readonly pollMs?: number;
}

/**
 * Asks for consent to calls over MCP where requests to models ask for theirs: `zeke consent list` shows
 * both, and `allow` and `deny` answer both. Who asks is not who answers.
 */
export function consentQueue({ consents, pollMs = defaultPollMs }: ConsentQueueOptions): Consents {
  return {
    async request(question, signal) {
      const asker = askerOf(question);
      const needs = [needOf(question)];
      let id = '';
      for (;;) {
        signal.throwIfAborted();
        const state = await consents.use(asker, needs);
        if (state !== 'open') return { answer: state, id };
        // One that has run out is asked anew; one that waits is not asked twice.
        id = await consents.ask(asker, needs);
        await pause(pollMs, signal);
      }
    },
  };
}

const defaultPollMs = 500;

function askerOf({ caller, name }: ConsentQuestion) {
  return {
    caller: caller.id,
    owner: caller.owner,
    session: caller.sessionId,
    model: `mcp:${name}`,
  };
}

function needOf({ detail, name, reason, rule }: ConsentQuestion): Need {
  return {
    policy: rule,
    reason,
    what: { tool: name, ...(detail === undefined ? {} : { data: detail }) },
  };
}

/** Ends early, and throws, with the signal. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  const leave = () => over.reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    await over.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}
