export type { ConnectionNotes } from './connection-log.ts';
export { ConnectionLog } from './connection-log.ts';
export { type Connected, type Connection, Connections, type Timeline } from './connections.ts';
export { isFailure } from './diagnosis.ts';
export { observeConnections } from './observer.ts';
export { reasonWith } from './reasons.ts';
export type { Step } from './step.ts';
export { wordsOf } from './steps.ts';
