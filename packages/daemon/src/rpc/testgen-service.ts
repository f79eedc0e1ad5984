import { isAbsolute } from 'node:path';
import {
  generateTests,
  openProject,
  type TestGenEvent,
  type TestGenRequest,
  testGenAgentView,
} from '@zeke/assistant';
import type { TestGenHandlers, TestGenUpdate } from '@zeke/protocol/reaper';
import { type MessageInit, RpcError } from '@zeke/rpc';
import type { AgentServiceOptions } from './agent-service.ts';
import { StepUpdates } from './step-update.ts';

const msPerSecond = 1_000;

/** `reaper.TestGen` */
export function testGenService({ assistant, settings }: AgentServiceOptions): TestGenHandlers {
  return {
    async *generate(request, { signal }) {
      const { runs, testGen } = await assistant();
      const { assistant: defaults, rpc } = settings();
      const { budgetMicroUsd = defaults.budgetMicroUsd, command, cwd, hint, path } = request;
      const { maxSteps, testTimeout, timeout } = request;
      if (!isAbsolute(cwd)) {
        const message = 'cwd: it is the absolute path of a folder of a project';
        throw new RpcError('invalid_argument', message);
      }
      if (path === '')
        throw new RpcError('invalid_argument', 'path: name the file that gets tests');
      const generation: TestGenRequest = {
        project: await openProject(cwd),
        cwd,
        path,
        model: request.model || defaults.model,
        limits: {
          maxSteps: maxSteps || defaults.maxSteps,
          timeoutMs: timeout === 0 ? rpc.agentTimeoutMs : timeout * msPerSecond,
          ...(budgetMicroUsd === undefined ? {} : { budgetMicroUsd }),
        },
        ...(command.trim() === '' ? {} : { command: command.trim() }),
        ...(hint === '' ? {} : { hint }),
        ...(testTimeout === 0 ? {} : { testTimeoutMs: testTimeout * msPerSecond }),
      };
      const events = runs.startAs(
        (ended) => generateTests(testGen, generation, ended),
        testGenAgentView,
        { isDetached: false, signal },
      );
      const updates = new StepUpdates();
      for await (const { event, sequence } of events) {
        yield { update: updateOf(event, updates, sequence) };
      }
    },
  };
}

function updateOf(
  event: TestGenEvent,
  updates: StepUpdates,
  sequence: number,
): MessageInit<TestGenUpdate>['update'] {
  switch (event.type) {
    case 'agent':
      return { case: 'agent', value: updates.of(event.event, sequence) };
    case 'note':
      return { case: 'note', value: event.text };
    case 'done':
      return { case: 'result', value: resultOf(event) };
  }
}

function resultOf(done: Extract<TestGenEvent, { type: 'done' }>) {
  const { command, coverage, dropped, kept, message, sessionId } = done;
  return {
    kept: kept.map(({ isNew, newLines = [], passed, path }) => ({
      path,
      isNew,
      newLines: [...newLines],
      ...(passed === undefined ? {} : { passed }),
    })),
    dropped: [...dropped],
    command,
    message,
    sessionId,
    ...(coverage === undefined ? {} : { coverage }),
  };
}
