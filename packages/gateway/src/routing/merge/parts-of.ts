import type { ToolCallPart } from '../../neutral/chat-request.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';

/** What an answer says, without its thoughts. */
export function textOf({ choices }: ChatResponse): string {
  const parts = choices[0]?.parts ?? [];
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/** The tools that an answer calls. */
export function callsOf({ choices }: ChatResponse): ToolCallPart[] {
  return (choices[0]?.parts ?? []).filter((part) => part.type === 'tool-call');
}

/** Whether an answer came to its own end: it was not cut short, and nothing went wrong. */
export function isFinished({ choices }: ChatResponse): boolean {
  switch (choices[0]?.finishReason) {
    case 'stop':
    case 'stop-sequence':
    case 'tool-calls':
      return true;
    default:
      return false;
  }
}
