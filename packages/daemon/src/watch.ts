export {
  type AiComment,
  type CommentTask,
  CommentWatch,
  openProject,
  type SettledTask,
  showComment,
  type TaskOutcome,
} from '@zeke/assistant';
