export { AnswerRepeater } from './answer-repeater.ts';
export { Dialog } from './dialog.ts';
