export { Dialog } from './dialog.ts';
