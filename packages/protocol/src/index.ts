export {
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChatCompletionResponse,
  ChatService,
  GetProviderStatusResponse,
  HealthCheckResponse,
  ListModelsResponse,
  OmenService,
  type OmenServiceHandlers,
} from './gen/omen/v1/omen_pb.ts';
