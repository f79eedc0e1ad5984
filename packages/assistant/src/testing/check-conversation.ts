import type { ModelMessage, ModelPart, ModelRequest, ModelTool } from '../model/model-client.ts';

const toolName = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * What keeps a request from being a conversation that every provider takes, in words; undefined when
 * nothing does. Turns alternate and begin and end with the user's, every tool call has its one result
 * at the head of the next message, ids are used once, no part is blank, no
 * message ends in a thought, and calls need tools.
 */
export function checkConversation(request: ModelRequest): string | undefined {
  const { messages, tools = [] } = request;
  const fault = checkTools(tools) ?? checkTurns(messages);
  if (fault !== undefined) return fault;
  const hasCalls = messages.some(({ parts }) => parts.some(({ type }) => type === 'tool-call'));
  if (hasCalls && tools.length === 0)
    return 'the conversation has tool calls, but there are no tools';
  if (request.toolChoice === 'required' && tools.length === 0) {
    return 'a tool call is required, but there are no tools';
  }
  return checkCalls(messages);
}

function checkTools(tools: readonly ModelTool[]): string | undefined {
  const names = new Set<string>();
  for (const { name, parameters } of tools) {
    if (!toolName.test(name)) return `the tool name "${name}" is not of letters, digits, _ and -`;
    if (names.has(name)) return `there are two tools ${name}`;
    if (parameters.type !== 'object') return `the parameters of ${name} are not of type object`;
    names.add(name);
  }
  return undefined;
}

function checkTurns(messages: readonly ModelMessage[]): string | undefined {
  if (messages.length === 0) return 'there are no messages';
  for (const [index, { role, parts }] of messages.entries()) {
    const place = `message ${index + 1}`;
    const expected = index % 2 === 0 ? 'user' : 'assistant';
    if (role !== expected) return `${place} is of the ${role}, not of the ${expected}`;
    if (parts.length === 0) return `${place} is empty`;
    for (const part of parts) {
      const fault = checkPart(role, part);
      if (fault !== undefined) return `${place} ${fault}`;
    }
    if (parts.at(-1)?.type === 'reasoning') return `${place} ends in a thought`;
  }
  return messages.length % 2 === 0 ? "the last message is not the user's" : undefined;
}

function checkPart(role: 'user' | 'assistant', part: ModelPart): string | undefined {
  const isOfUser = part.type === 'tool-result' || part.type === 'image';
  const isOfAssistant = part.type === 'tool-call' || part.type === 'reasoning';
  if ((role === 'user' && isOfAssistant) || (role === 'assistant' && isOfUser)) {
    return `of the ${role} has a ${part.type}`;
  }
  if (part.type === 'text' && part.text.trim() === '') return 'has a blank text';
  if (part.type === 'reasoning' && !(part.text || part.redacted || part.signature)) {
    return 'has an empty thought';
  }
  if (part.type === 'tool-call' && !toolName.test(part.name)) {
    return `has a call of "${part.name}", which no tool can be named`;
  }
  if (part.type !== 'tool-result') return undefined;
  const isBlank = part.content.some((item) => item.type === 'text' && item.text.trim() === '');
  return part.content.length === 0 || isBlank ? `has a blank result of ${part.callId}` : undefined;
}

function checkCalls(messages: readonly ModelMessage[]): string | undefined {
  const seen = new Set<string>();
  let open = new Set<string>();
  for (const [index, { role, parts }] of messages.entries()) {
    const place = `message ${index + 1}`;
    let textCame = false;
    for (const part of parts) {
      if (part.type === 'tool-call') {
        if (seen.has(part.id)) return `${place}: the id ${part.id} is used twice`;
        seen.add(part.id);
        open.add(part.id);
      } else if (part.type === 'tool-result') {
        if (textCame) return `${place}: the result of ${part.callId} stands after other parts`;
        if (!open.delete(part.callId))
          return `${place}: a result of ${part.callId}, which is not open`;
      } else {
        textCame = true;
      }
    }
    if (role === 'user' && open.size > 0) {
      return `${place}: no result of ${[...open].join(', ')}`;
    }
    if (role === 'user') open = new Set();
  }
  return undefined;
}
