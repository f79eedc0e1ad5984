import type { ModelPart, ModelRequest } from '../../model/model-client.ts';
import { ScriptedModel, type ScriptedTurn } from '../../testing/scripted-model.ts';
import type { PlannedStep } from './kill-plan.ts';

/**
 * A model that does a plan and finds out from the conversation alone how far it is. A step whose call was
 * interrupted it does again; before one that must not be done twice it looks.
 */
export function planModel(plan: readonly PlannedStep[]): ScriptedModel {
  return new ScriptedModel((request, index) => {
    const next = nextStep(plan, request);
    if (next === undefined) return { text: 'It is all done.' };
    const { at, mustLook } = next;
    const step = plan[at];
    const look = { name: 'read', arguments: { step: at, path: step?.path ?? '' } };
    const call = mustLook ? look : { name: step?.kind ?? '', arguments: { step: at, ...step } };
    // Reading beside it, now and then, so that several calls are open at once.
    const calls =
      index % 3 === 0 && !mustLook ? [{ ...look, arguments: { path: 'log.txt' } }, call] : [call];
    return withIds(`Step ${at}.`, calls);
  });
}

function withIds(text: string, calls: NonNullable<ScriptedTurn['calls']>): ScriptedTurn {
  return { text, calls: calls.map((call) => ({ ...call, id: `call_${crypto.randomUUID()}` })) };
}

function nextStep(
  plan: readonly PlannedStep[],
  { messages }: ModelRequest,
): { at: number; mustLook: boolean } | undefined {
  const done = new Set<number>();
  const doubtful = new Set<number>();
  const calls = new Map<string, { name: string; step: number }>();
  for (const part of messages.flatMap(({ parts }) => parts)) {
    if (part.type === 'tool-call') {
      calls.set(part.id, { name: part.name, step: JSON.parse(part.arguments).step ?? -1 });
    }
    const call = part.type === 'tool-result' ? calls.get(part.callId) : undefined;
    if (part.type !== 'tool-result' || call === undefined) continue;
    if (call.name !== 'read') {
      if (part.isError) doubtful.add(call.step);
      else done.add(call.step);
    } else if (!part.isError && doubtful.delete(call.step)) {
      const step = plan[call.step];
      if (step?.kind === 'append' && textOf(part).includes(step.text)) done.add(call.step);
    }
  }
  const at = plan.findIndex((_, index) => !done.has(index));
  return at === -1 ? undefined : { at, mustLook: doubtful.has(at) && plan[at]?.kind === 'append' };
}

function textOf(part: Extract<ModelPart, { type: 'tool-result' }>): string {
  return part.content.map((item) => (item.type === 'text' ? item.text : '')).join('');
}
