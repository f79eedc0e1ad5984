export { type HttpAnswer, type HttpHeaders, readAll } from './http-answer.ts';
export { HttpClient, type HttpClientOptions, type HttpSender } from './http-client.ts';
export { HttpFault, type HttpFaultCode } from './http-fault.ts';
export type { HttpRequest } from './request-text.ts';
