import { inCallersWords } from '../../dialects/callers-words.ts';
import type { JsonObject } from '../../dialects/dialect.ts';
import { dialects } from '../../dialects/index.ts';
import type { DialectName } from '../../neutral/dialect-name.ts';
import type { EmbeddingRequest, EmbeddingResponse } from '../../neutral/embedding.ts';
import type { Candidate } from '../../routing/model-catalog.ts';
import { tryCandidates } from '../../routing/try-candidates.ts';
import { embeddingDialect, vectorsOf } from '../ask-for-vectors.ts';
import { type Attempt, answerHeaders, attempt, readWhole, send, settleWhole } from '../attempt.ts';
import { allowedCandidates } from '../chat-endpoint.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { guardRequest } from '../guarded.ts';
import { passedBody } from '../outgoing-body.ts';
import { inOrder, takeSequential } from '../sequential-routing.ts';
import type { Services } from '../services.ts';

/** A request for vectors, as far as its endpoint has read it. */
export interface EmbeddingCall {
  dialect: DialectName;
  model: string;
  text: string;
  body: JsonObject;
  decode(): EmbeddingRequest;
  /** The answer in the caller's shape. */
  encode(response: EmbeddingResponse, request: EmbeddingRequest): JsonObject;
}

/** Answers a request for vectors, from any provider that makes them. */
export async function answerEmbeddings(
  services: Services,
  exchange: Exchange,
  call: EmbeddingCall,
): Promise<Response> {
  exchange.requestedModel = call.model;
  const routing = takeSequential(exchange, call, 'vectors');
  const found = allowedCandidates(exchange, call, await services.catalog.resolve(call.model));
  const allowed = services.guardrails ? await guardRequest(services, exchange, call, found) : found;
  const candidates = await inOrder(services, exchange, call.model, routing, allowed);
  return tryCandidates(candidates, exchange.request.signal, (candidate, number) => {
    const dialect = embeddingDialect(call.dialect, candidate.provider);
    const options = {
      candidate,
      requestedModel: call.model,
      operation: 'embeddings',
      callerDialect: call.dialect,
      providerDialect: dialect,
      streamed: false,
      attempt: number,
      asks: call.body,
    } as const;
    return attempt(services, exchange, options, call.text, (step) =>
      dialect === 'openai-chat' && call.dialect === dialect
        ? passed(step, call, candidate)
        : translated(step, call, dialect),
    );
  });
}

async function passed(step: Attempt, call: EmbeddingCall, candidate: Candidate): Promise<Response> {
  const dialect = dialects['openai-chat'];
  const request = { text: call.text, body: call.body, stream: false, modelInBody: true };
  const { body } = passedBody(request, candidate, dialect);
  const operation = {
    kind: 'embeddings',
    dialect: dialect.name,
    model: candidate.model,
    stream: false,
  } as const;
  const { bytes, answer } = await readWhole(step, await send(step, operation, body, dialect));
  const usage = dialect.readUsage(answer);
  if (usage) {
    step.record.usage = usage;
    step.record.usageKnown = true;
  }
  const priced = settleWhole(step, '');
  if (priced instanceof Promise) await priced;
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: { 'content-type': 'application/json', ...answerHeaders(step, []) },
  });
}

async function translated(
  step: Attempt,
  call: EmbeddingCall,
  dialect: DialectName,
): Promise<Response> {
  const request = call.decode();
  const { notes, response } = await vectorsOf(step, request, dialect, (encode) =>
    inCallersWords(call.dialect, call.body, encode),
  );
  return jsonResponse(step.exchange, call.encode({ ...response, model: call.model }, request), {
    headers: answerHeaders(step, notes),
  });
}
