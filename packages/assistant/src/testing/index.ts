export { checkConversation } from './check-conversation.ts';
export {
  type FillScript,
  type ModelScript,
  type ScriptedCall,
  ScriptedModel,
  type ScriptedModelOptions,
  type ScriptedTurn,
} from './scripted-model.ts';
