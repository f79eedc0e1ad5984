export {
  listenWebSocket,
  type WebSocketEndpoint,
  type WebSocketListenOptions,
  type WebSocketServeOptions,
  webSocketEndpoint,
} from './bun-websocket-server.ts';
