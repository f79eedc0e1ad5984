export {
  connectWebSocket,
  dialWebSocket,
  type WebSocketConnectOptions,
} from './websocket-client.ts';
