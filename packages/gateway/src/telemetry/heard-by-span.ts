import type { ChatCall } from '../http/chat-endpoint.ts';
import { bothListeners } from '../http/chat-observer.ts';
import { followedBy } from '../http/followed-by.ts';
import type { ChatRequest } from '../neutral/chat-request.ts';
import type { AttemptSpan } from './attempt-span.ts';

/** The same call, whose answer the attempt's span hears, too. */
export function heardBySpan(
  call: ChatCall,
  span: AttemptSpan,
  decode: () => ChatRequest,
): ChatCall {
  if (span.keepsContent) {
    try {
      span.asked(decode());
    } catch {
      // Bytes that pass through need not be understood here.
    }
  }
  return followedBy(call, { listener: bothListeners(span, call.listener) });
}
